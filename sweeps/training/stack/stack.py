"""Members of one structure while they train together."""

from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from sweeps.optimizers import set_mode
from sweeps.training.member import Member
from sweeps.training.run import Epoch
from sweeps.training.stack import rows
from sweeps.training.stack.autograd import Alone, Mapped
from sweeps.training.stack.fused_steps import use_fused_kernel
from sweeps.training.stack.network import Network, form_of, structure

# Images in one forward pass of an evaluation, all members together; bounds memory, changes no result.
EVALUATION_BATCH = 8192

# Images (stack, batch, channels, height, width) and labels (stack, batch) of the rows (stack, batch).
Gather = Callable[[Tensor], tuple[Tensor, Tensor]]


class Stack:
    """Trains its members an epoch at a time; each could have trained alone, with the same result."""

    def __init__(self, form: type[Network], members: Sequence[Member], compiled: bool = False) -> None:
        self.form, self.compiled = form, compiled
        feeds = list(dict.fromkeys(member.feed for member in members))
        self.members = sorted(members, key=lambda member: feeds.index(member.feed))
        self.network = form([member.model for member in self.members])
        if compiled:
            self.network.compile()
        for member in self.members:
            use_fused_kernel(member.optimizer)
        self._images: Tensor | None = None
        self._feeds = [list(same) for _, same in groupby(self.members, key=lambda member: member.feed)]

    def epoch(self) -> None:
        """Train on every batch once, then measure; the host waits for the device only at the end."""
        self._set_mode(training=True)
        with self.members[0].random_numbers():
            losses, right = self._train()
        self._set_mode(training=False)
        validation = torch.stack([member.validation_rows for member in self.members])
        measured = [
            *(losses.double().mean(0), 100 * right.double() / (len(losses) * self._batch_size)),
            *measure(self.network, self._gather, validation),
        ]
        table = torch.cat([torch.stack(measured), losses.double()]).T.tolist()
        for member, (loss, trained, validation_loss, validated, *steps) in zip(
            self.members, table, strict=True
        ):
            number = len(member.epochs) + 1
            epoch = Epoch(number, loss, trained, validation_loss, validated, float(member.lr))
            member.finish(epoch, torch.tensor(steps, dtype=torch.float32))

    def without(self, leaving: Collection[Member]) -> "Stack | None":
        """The stack of those that stay, if any; those that leave keep tensors of their own."""
        for member in leaving:
            rows.detach(member.model)
        staying = [member for member in self.members if member not in leaving]
        return Stack(self.form, staying, self.compiled) if staying else None

    def _set_mode(self, training: bool) -> None:
        for member in self.members:
            set_mode(member.optimizer, training)

    @property
    def _batch_size(self) -> int:
        return self.members[0].run.batch_size

    def _train(self) -> tuple[Tensor, Tensor]:
        """Losses of the epoch's steps, (steps, stack), and right answers in all, (stack,)."""
        members, network = self.members, self.network
        batches = torch.stack([member.batches() for member in members], 1)
        shape = torch.Size((self._batch_size, *members[0].feed.shape))
        network.begin([member.generators["dropout"] for member in members], shape)
        losses = torch.empty(batches.shape[:2], device=batches.device)
        right = torch.zeros(len(members), dtype=torch.long, device=batches.device)
        for number, drawn in enumerate(batches):
            images, labels = self._gather(drawn)
            losses[number], hits = network.step(self._augmented(images), labels)
            right += hits
            for member in members:
                member.optimizer.step()
                member.after_step()
        return losses, right

    def _gather(self, drawn: Tensor) -> tuple[Tensor, Tensor]:
        parts = drawn.split([len(same) for same in self._feeds])
        feeds = [same[0].feed for same in self._feeds]
        images = self._buffer(drawn.shape)
        pieces = images.split([len(same) for same in self._feeds])
        for feed, part, piece in zip(feeds, parts, pieces, strict=True):
            torch.index_select(feed.images, 0, part.flatten(), out=piece.flatten(0, 1))
        labels = [feed.labels[part] for feed, part in zip(feeds, parts, strict=True)]
        return images, torch.cat(labels)

    def _buffer(self, shape: torch.Size) -> Tensor:
        """Memory for images that lasts: fresh pages for each batch would cost more than the copying."""
        if self._images is None or self._images.shape[:2] != shape:
            like = self.members[0].feed.images
            self._images = like.new_empty((*shape, *like.shape[1:]))
        return self._images

    def _augmented(self, images: Tensor) -> Tensor:
        if all(member.feed.augment is None for member in self.members):
            return images
        changed = [
            member.feed.augment(part, member.generators["augmentation"]) if member.feed.augment else part
            for member, part in zip(self.members, images, strict=True)
        ]
        return torch.stack(changed)


def stacks(members: Sequence[Member], compiled: bool = False) -> list[Stack]:
    """The members in as few stacks as their structures allow, what fits in none alone."""
    together: dict[tuple[Any, ...], list[Member]] = {}
    for member in members:
        feed, size = member.feed, member.run.batch_size
        form = form_of(member.model, torch.Size((size, *feed.shape)))
        own: Any = None
        if form is Alone:
            own = member.place
        if form is Mapped:  # only its builder knows all of such a model; a layer of ours is what torch prints
            own = member.run.model
        sizes = (feed.shape, feed.classes, feed.training, feed.validation, size, feed.images.dtype)
        together.setdefault((form, own, structure(member.model), sizes), []).append(member)
    return [Stack(key[0], same, compiled) for key, same in together.items()]


def measure(network: Network, gather: Gather, drawn: Tensor) -> Tensor:
    """(2, stack): mean loss in nats and right answers in percent over the rows `drawn`, (stack, images)."""
    parts = drawn.split(max(1, EVALUATION_BATCH // len(drawn)), 1)
    sums = torch.stack([_sums(network, *gather(part)) for part in parts]).sum(0)
    return sums / drawn.shape[1]


def _sums(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    logits = network.logits(images)
    flat = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    right = (logits.max(2).indices == labels).sum(1)
    return torch.stack([flat.view(labels.shape).double().sum(1), 100 * right.double()])
