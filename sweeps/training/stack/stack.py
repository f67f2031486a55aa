"""Members of one structure while they train together."""

import math
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from sweeps.data.feed import Feed, announce, take_rows
from sweeps.losses import reduces_rows
from sweeps.metrics import EpochMetric
from sweeps.optimizers import set_mode
from sweeps.seeds import seed_for
from sweeps.training.member import Member
from sweeps.training.run import Epoch, Run
from sweeps.training.stack import rows
from sweeps.training.stack.accumulation import Accumulation
from sweeps.training.stack.autograd import SingleNetwork, VmapNetwork
from sweeps.training.stack.averages import Averages
from sweeps.training.stack.buffer import Buffer
from sweeps.training.stack.clipping import Clipping
from sweeps.training.stack.fused_steps import Steps, use_fused_kernel
from sweeps.training.stack.layout import Layout
from sweeps.training.stack.loss import StackLoss, Targets
from sweeps.training.stack.mixing import mix
from sweeps.training.stack.network import Network, choose_network, structure_of

# Images in one forward pass of an evaluation, all members together; bounds memory, changes no result.
EVALUATION_BATCH = 16384
LOADED_BATCH = 256
# Standard errors of a minibatch's mean loss by which the loss of an untrained network may be above it.
LIMIT_ERRORS = 3

# Gathers images (groups, batch, channels, height, width) and labels (stack, batch) by rows (groups, batch).
Gather = Callable[[Tensor], tuple[Tensor, Tensor]]


class Stack:
    """Members that train together, with the result that each has by itself."""

    def __init__(
        self, network_class: type[Network], members: Sequence[Member], compiled: bool = False
    ) -> None:
        self.network_class, self.compiled = network_class, compiled
        self._groups = _group_by_draws(members)
        self.members = [member for group in self._groups for member in group]
        self.layout = Layout([len(group) for group in self._groups])
        like = next(self.members[0].model.parameters())
        self.loss = StackLoss([member.run.loss for member in self.members], like)
        self.metrics = self.members[0].run.metrics
        self.network = network_class([member.model for member in self.members], self.layout, self.loss)
        if compiled:
            self.network.compile()
        for member in self.members:
            use_fused_kernel(member.optimizer)
        # Of the first member: a step has gradients for all members or none.
        self._trained = [value for value in self.members[0].model.parameters() if value.requires_grad]
        self._steps = [Steps(member.optimizer) for member in self.members]
        self._accumulation = Accumulation(self.members)
        self._clipping = Clipping(self.members)
        self._averages = Averages(self.members)
        self._images = Buffer()

    def train_epoch(self) -> None:
        """Train on every batch once, then measure; the host waits for the device only at the end."""
        self._set_mode(training=True)
        with self.members[0].use_random_numbers():
            losses, loss_limits, sums = self._train_batches()
        self._set_mode(training=False)
        for first, *others in self._groups:
            for member in others:
                member.share_draws(first)
        validation = torch.stack([group[0].validation_rows for group in self._groups])
        rows_trained = len(losses) * self.members[0].run.step_rows
        train = {"loss": losses.double().mean(0)}
        for metric, row_sums in zip(row_metrics(self.metrics), sums, strict=True):
            train[metric.key] = metric.scale * row_sums.double() / rows_trained
        with self._averages.use():
            most = evaluation_batch(self.members[0].feed)
            measured = measure(self.network, self.loss, self.metrics, self._gather, validation, most)
        # (stack, metrics, the limit and each step's loss), copied to the host at once
        columns = torch.stack([*train.values(), *measured.values(), loss_limits])
        table = torch.cat([columns, losses.double()]).T.tolist()
        for member, row in zip(self.members, table, strict=True):
            train_values, rest = dict(zip(train, row, strict=False)), row[len(train) :]
            validation_values = dict(zip(measured, rest, strict=False))
            loss_limit, *step_losses = rest[len(measured) :]
            number, lr = len(member.epochs) + 1, float(member.lr)
            epoch = Epoch(number, train_values, validation_values, lr)
            member.end_epoch(epoch, torch.tensor(step_losses, dtype=torch.float32), loss_limit)

    def without(self, leaving: Collection[Member]) -> "Stack | None":
        """Return the stack of those that stay, if any; give those that leave tensors of their own."""
        for member in leaving:
            rows.detach(member.model)
            member.detach_average()
        staying = [member for member in self.members if member not in leaving]
        return Stack(self.network_class, staying, self.compiled) if staying else None

    def _set_mode(self, training: bool) -> None:
        for member in self.members:
            set_mode(member.optimizer, training)

    @property
    def _batch_size(self) -> int:
        return self.members[0].run.batch_size

    def _train_batches(self) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return losses of the epoch's steps, (steps, stack), the first one's limits and metrics' sums.

        The limits, (stack,), are above the losses by what chance explains; sums over rows: (stack,) each.
        """
        members, network = self.members, self.network
        firsts = [group[0] for group in self._groups]
        batches = torch.stack([member.draw_batches() for member in firsts], 1)  # (batches, groups, batch)
        first = members[0]
        announce(first.feed, batches, seed_for(first.run.seed, f"samples of epoch {len(first.epochs) + 1}"))
        shape = torch.Size((self._batch_size, *members[0].feed.shape))
        network.begin_epoch([member.generators["dropout"] for member in firsts], shape)
        losses = torch.empty((len(batches), len(members)), device=batches.device)
        metrics = row_metrics(self.metrics)
        sums = [torch.zeros((), dtype=torch.long, device=batches.device) for _ in metrics]
        for number, batch in enumerate(batches):
            images, labels = self._gather(batch)
            images, targets = self._change(images, labels)
            image_losses, outputs = network.step(images, targets)
            losses[number] = image_losses.mean(1)
            if number == 0:
                loss_limits = _limit_losses(image_losses.double())
            sums = [
                part + metric.sum_rows(outputs, labels) for part, metric in zip(sums, metrics, strict=True)
            ]
            if not self._accumulation.add(number):
                continue
            self._clipping.clip()
            has_gradients = all(parameter.grad is not None for parameter in self._trained)
            for member, steps in zip(members, self._steps, strict=True):
                steps.take(has_gradients)
                member.end_step()
            self._averages.update()
        losses = losses.view(-1, self._accumulation.batches, len(members))
        return losses.mean(1), loss_limits, sums

    def _gather(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return the groups' images and the members' labels of the rows `batch`, (groups, batch)."""
        feed = self.members[0].feed
        like = torch.empty(0, dtype=feed.images.dtype, device=batch.device)
        images = self._images.take(like, torch.Size((*batch.shape, *feed.shape)))
        labels = []
        first = 0
        for feed, groups in groupby(self._groups, key=lambda group: group[0].feed):
            part = slice(first, first := first + len(list(groups)))
            take_rows(feed, batch[part].flatten(), images[part].flatten(0, 1))
            labels.append(feed.targets[batch[part]])
        return images, self.layout.spread(torch.cat(labels))

    def _change(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Targets]:
        """Return a batch as it is trained on: augmented and mixed."""
        images = self._augment(images)
        if self.members[0].run.mixup is None:
            return images, labels
        return mix(images, labels, self._groups, self.layout)

    def _augment(self, images: Tensor) -> Tensor:
        if all(member.run.augment is None for member in self.members):
            return images
        augmented = []
        for (member, *_), group_images in zip(self._groups, images, strict=True):
            if member.run.augment is not None:
                group_images = member.run.augment(group_images, member.generators["augmentation"])
            augmented.append(group_images)
        return torch.stack(augmented)


def build_stacks(members: Sequence[Member], compiled: bool = False) -> list[Stack]:
    """Put the members in as few stacks as their structures allow; one that fits in none has its own."""
    groups: dict[tuple[Any, ...], list[Member]] = {}
    for member in members:
        feed, size = member.feed, member.run.batch_size
        network_class = choose_network(member.model, torch.Size((size, *feed.shape)))
        identity: Any = None
        if network_class is VmapNetwork:
            # What torch prints of a known layer is all there is to it; of any other, only its builder knows.
            identity = member.run.model
        if network_class is SingleNetwork or _is_loss_of_all(member.run) or feed.is_loaded:
            identity = member.index
        metrics = member.run.metrics, feed.is_regression, member.run.outputs
        sizes = (
            feed.shape,
            *metrics,
            feed.training,
            feed.validation,
            size,
            feed.images.dtype,
            member.run.mixup is None,
            member.run.accumulate,
            member.run.freeze,
        )
        key = network_class, identity, structure_of(member.model), sizes
        groups.setdefault(key, []).append(member)
    return [Stack(key[0], group, compiled) for key, group in groups.items()]


def measure(
    network: Network,
    loss: StackLoss,
    metrics: Sequence[EpochMetric],
    gather: Gather,
    images: Tensor,
    most: int = EVALUATION_BATCH,
) -> dict[str, Tensor]:
    """Measure the mean loss and the metrics over the rows (groups, images), by key: (stack,) each.

    most: images in one forward pass.
    """
    # Of equal sizes: a small rest would take a product almost as long as a whole batch.
    stack = sum(size for _, size in loss.parts)
    batches = images.tensor_split(-(-images.shape[1] * stack // most), 1)
    of_rows, of_splits = row_metrics(metrics), _split_metrics(metrics)
    sums, outputs, targets = [], [], []
    for batch in batches:
        batch_images, batch_targets = gather(batch)
        batch_outputs = network.predict(batch_images)
        row_losses = _evaluate_loss(loss, batch_outputs, batch_targets).double().sum(1)
        batch_sums = [
            metric.scale * metric.sum_rows(batch_outputs, batch_targets).double() for metric in of_rows
        ]
        sums.append(torch.stack([row_losses, *batch_sums]))
        if of_splits:
            outputs.append(batch_outputs)
            targets.append(batch_targets)
    means = torch.stack(sums).sum(0) / images.shape[1]
    measured = dict(zip(["loss", *(metric.key for metric in of_rows)], means, strict=True))
    if of_splits:
        members = list(zip(torch.cat(outputs, 1), torch.cat(targets, 1), strict=True))
    for metric in of_splits:
        measured[metric.key] = torch.stack([metric.measure(*member) for member in members])
    return measured


def evaluation_batch(feed: Feed) -> int:
    """Return how many images one forward pass of an evaluation has; those that are loaded may be large."""
    return LOADED_BATCH if feed.is_loaded else EVALUATION_BATCH


def row_metrics(metrics: Sequence[EpochMetric]) -> list[EpochMetric]:
    """Return the metrics that are means over rows."""
    return [metric for metric in metrics if metric.per_row]


def _split_metrics(metrics: Sequence[EpochMetric]) -> list[EpochMetric]:
    """Return the metrics that take all rows of a split at once."""
    return [metric for metric in metrics if metric.function is not None and not metric.per_row]


def _group_by_draws(members: Sequence[Member]) -> list[list[Member]]:
    """Put members together that draw the same; larger groups first, and of those one feed's side by side.

    Groups of equal size then share their products, and those of one feed a gather.
    """
    groups: dict[tuple[Any, ...], list[Member]] = {}
    for member in members:
        groups.setdefault(member.identify_draws(), []).append(member)
    feeds = list(dict.fromkeys(member.feed for member in members))
    return sorted(groups.values(), key=lambda group: (-len(group), feeds.index(group[0].feed)))


def _limit_losses(image_losses: Tensor) -> Tensor:
    """Return how high each member's loss may be by chance: (stack, batch) -> (stack,)."""
    errors: Tensor = image_losses.std(1, correction=0) / math.sqrt(image_losses.shape[1])
    return image_losses.mean(1) + LIMIT_ERRORS * errors


def _evaluate_loss(loss: StackLoss, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return each row's loss: (stack, images)."""
    if not loss.is_plain:
        return loss(outputs, targets)
    # Image by image, as cross_entropy takes them, ten classes a row take a CPU ten times as long.
    log_softmax = torch.log_softmax(outputs.transpose(1, 2), 1)
    return -log_softmax.gather(1, targets.unsqueeze(1)).squeeze(1)


@lru_cache(maxsize=256)
def _is_loss_of_all(run: Run) -> bool:
    """Return whether the loss is one number for all rows, so that the run trains by itself."""
    return reduces_rows(run.loss, run.outputs, run.feed.targets[:2])
