"""Members of one structure while they train together."""

import math
from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from sweeps.optimizers import set_mode
from sweeps.training.member import Member
from sweeps.training.run import Epoch
from sweeps.training.stack import rows
from sweeps.training.stack.autograd import SingleNetwork, VmapNetwork
from sweeps.training.stack.fused_steps import use_fused_kernel
from sweeps.training.stack.network import Network, choose_network, structure_of

# Images in one forward pass of an evaluation, all members together; bounds memory, changes no result.
EVALUATION_BATCH = 8192
# Standard errors of a minibatch's mean loss by which the loss of an untrained network may be above it.
LIMIT_ERRORS = 3

# Gathers images (stack, batch, channels, height, width) and labels (stack, batch) by rows (stack, batch).
Gather = Callable[[Tensor], tuple[Tensor, Tensor]]


class Stack:
    """Members that train together, with the result that each has by itself."""

    def __init__(
        self, network_class: type[Network], members: Sequence[Member], compiled: bool = False
    ) -> None:
        self.network_class, self.compiled = network_class, compiled
        feeds = list(dict.fromkeys(member.feed for member in members))
        # Members of one feed side by side, so that one gather serves them.
        self.members = sorted(members, key=lambda member: feeds.index(member.feed))
        self._feed_groups = [
            list(group) for _, group in groupby(self.members, key=lambda member: member.feed)
        ]
        self.network = network_class([member.model for member in self.members])
        if compiled:
            self.network.compile()
        for member in self.members:
            use_fused_kernel(member.optimizer)
        self._images: Tensor | None = None

    def train_epoch(self) -> None:
        """Train on every batch once, then measure; the host waits for the device only at the end."""
        self._set_mode(training=True)
        with self.members[0].use_random_numbers():
            losses, loss_limits, right = self._train_batches()
        self._set_mode(training=False)
        validation = torch.stack([member.validation_rows for member in self.members])
        metrics = [
            *(losses.double().mean(0), 100 * right.double() / (len(losses) * self._batch_size)),
            *measure(self.network, self._gather, validation),
            loss_limits,
        ]
        # (stack, 4 metrics, the limit and each step's loss), copied to the host at once
        table = torch.cat([torch.stack(metrics), losses.double()]).T.tolist()
        for member, row in zip(self.members, table, strict=True):
            loss, accuracy, validation_loss, validation_accuracy, loss_limit, *step_losses = row
            number, lr = len(member.epochs) + 1, float(member.lr)
            epoch = Epoch(number, loss, accuracy, validation_loss, validation_accuracy, lr)
            member.end_epoch(epoch, torch.tensor(step_losses, dtype=torch.float32), loss_limit)

    def without(self, leaving: Collection[Member]) -> "Stack | None":
        """Return the stack of those that stay, if any; give those that leave tensors of their own."""
        for member in leaving:
            rows.detach(member.model)
        staying = [member for member in self.members if member not in leaving]
        return Stack(self.network_class, staying, self.compiled) if staying else None

    def _set_mode(self, training: bool) -> None:
        for member in self.members:
            set_mode(member.optimizer, training)

    @property
    def _batch_size(self) -> int:
        return self.members[0].run.batch_size

    def _train_batches(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return losses of the epoch's steps, (steps, stack), the first one's limits and all right answers.

        The limits, (stack,), are above the losses by what chance explains; right answers: (stack,).
        """
        members, network = self.members, self.network
        batches = torch.stack([member.draw_batches() for member in members], 1)  # (steps, stack, batch)
        shape = torch.Size((self._batch_size, *members[0].feed.shape))
        network.begin_epoch([member.generators["dropout"] for member in members], shape)
        losses = torch.empty(batches.shape[:2], device=batches.device)
        right = torch.zeros(len(members), dtype=torch.long, device=batches.device)
        for step, batch in enumerate(batches):
            images, labels = self._gather(batch)
            image_losses, right_in_batch = network.step(self._augment(images), labels)
            losses[step] = image_losses.mean(1)
            if step == 0:
                loss_limits = _limit_losses(image_losses.double())
            right += right_in_batch
            for member in members:
                member.optimizer.step()
                member.end_step()
        return losses, loss_limits, right

    def _gather(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return the images and labels of the rows `batch`, (stack, batch), each member's of its own feed."""
        sizes = [len(group) for group in self._feed_groups]
        images = self._image_buffer(batch.shape)
        labels = []
        for group, indices, target in zip(
            self._feed_groups, batch.split(sizes), images.split(sizes), strict=True
        ):
            feed = group[0].feed
            torch.index_select(feed.images, 0, indices.flatten(), out=target.flatten(0, 1))
            labels.append(feed.labels[indices])
        return images, torch.cat(labels)

    def _image_buffer(self, shape: torch.Size) -> Tensor:
        """Return memory for images that lasts: fresh pages a batch would cost more than the copying."""
        if self._images is None or self._images.shape[:2] != shape:
            feed_images = self.members[0].feed.images
            self._images = feed_images.new_empty((*shape, *feed_images.shape[1:]))
        return self._images

    def _augment(self, images: Tensor) -> Tensor:
        if all(member.feed.augment is None for member in self.members):
            return images
        augmented = []
        for member, member_images in zip(self.members, images, strict=True):
            if member.feed.augment is not None:
                member_images = member.feed.augment(member_images, member.generators["augmentation"])
            augmented.append(member_images)
        return torch.stack(augmented)


def build_stacks(members: Sequence[Member], compiled: bool = False) -> list[Stack]:
    """Put the members in as few stacks as their structures allow; one that fits in none has its own."""
    groups: dict[tuple[Any, ...], list[Member]] = {}
    for member in members:
        feed, size = member.feed, member.run.batch_size
        network_class = choose_network(member.model, torch.Size((size, *feed.shape)))
        identity: Any = None
        if network_class is SingleNetwork:
            identity = member.index
        if network_class is VmapNetwork:
            # What torch prints of a known layer is all there is to it; of any other, only its builder knows.
            identity = member.run.model
        sizes = (feed.shape, feed.classes, feed.training, feed.validation, size, feed.images.dtype)
        key = network_class, identity, structure_of(member.model), sizes
        groups.setdefault(key, []).append(member)
    return [Stack(key[0], group, compiled) for key, group in groups.items()]


def measure(network: Network, gather: Gather, images: Tensor) -> Tensor:
    """Measure mean loss in nats and right answers in percent over the rows (stack, images): (2, stack)."""
    batches = images.split(max(1, EVALUATION_BATCH // len(images)), 1)
    sums = torch.stack([_sum_metrics(network, *gather(batch)) for batch in batches]).sum(0)
    return sums / images.shape[1]


def _limit_losses(image_losses: Tensor) -> Tensor:
    """Return how high each member's loss may be by chance: (stack, batch) -> (stack,)."""
    errors: Tensor = image_losses.std(1, correction=0) / math.sqrt(image_losses.shape[1])
    return image_losses.mean(1) + LIMIT_ERRORS * errors


def _sum_metrics(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    """Sum the losses, and the right answers times a hundred: (2, stack)."""
    logits = network.predict(images)
    flat = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    right = (logits.max(2).indices == labels).sum(1)
    return torch.stack([flat.view(labels.shape).double().sum(1), 100 * right.double()])
