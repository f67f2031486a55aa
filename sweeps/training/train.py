"""The training function: plain PyTorch, on the CPU or CUDA, without Hydra or Optuna."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from sweeps.training import device as devices
from sweeps.training import memory
from sweeps.training.member import Member
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.stack import rows
from sweeps.training.stack.layout import Layout
from sweeps.training.stack.loss import StackLoss
from sweeps.training.stack.network import choose_network
from sweeps.training.stack.stack import Stack, build_stacks, evaluation_batch, measure

SPLITS = ("train", "validation", "test")
log = logging.getLogger(__name__)


class Observer:
    """Follows runs while they train. Every method does nothing: override what you need.

    run: a run's index in the sequence that is trained.
    """

    def epoch(self, run: int, epoch: Epoch) -> None:
        """Take an epoch's measurements; those from before an interruption come again."""

    def state(self, run: int, state: Callable[[], State]) -> None:
        """Take what builds the run's state, after each epoch that was trained."""

    def last_state(self, run: int) -> State | None:  # noqa: ARG002 -- none was kept
        """Return the last state that was kept, to go on from where memory ran out; None: from its start."""
        return None

    def diverged(self, run: int) -> None:
        """Learn that the run ends here, because its loss is not finite."""

    def stopped(self, run: int) -> None:
        """Learn that the run ends here, because its patience is over."""

    def stop(self, runs: Collection[int]) -> Collection[int]:  # noqa: ARG002 -- nobody is to stop
        """Return those of the runs that end here; all have just finished an epoch together."""
        return ()


def train(
    runs: Sequence[Run],
    device: str = "auto",
    precision: str = "fp32",
    starts: Sequence[State | None] | None = None,
    observer: Observer | None = None,
    compiled: bool = False,
) -> list[Result]:
    """Train the runs, as one program where their networks and data are alike, and return results in order.

    starts: the state that each run continues from, or None where it begins.
    compiled: let torch.compile make programs of the stacks' steps first, which takes seconds.
    Same seed, same machine, same threads, same stack: same bits, however often a run was interrupted.
    A stack that memory is too small for goes on as two. Raises MemoryError where one run is too large, and
    ValueError for a state of another run.
    """
    target = devices.resolve(device)
    observer = observer or Observer()
    with devices.numerics(target, precision), _restore_random_numbers(target):
        training = Training(runs, starts or [None] * len(runs), target, observer, compiled)
        return training.finish()


class Training:
    """Runs that train at once, in stacks."""

    def __init__(
        self,
        runs: Sequence[Run],
        starts: Sequence[State | None],
        device: torch.device,
        observer: Observer,
        compiled: bool,
    ) -> None:
        self.runs, self.starts = runs, starts
        self.device, self.observer, self.compiled = device, observer, compiled
        self.members: dict[int, Member] = {}
        for index, start in enumerate(starts):
            self._build_member(index, start)
            _tell_past(self.members[index], observer)

    def finish(self) -> list[Result]:
        """Train all, and return their results."""
        stacks = self._build_stacks(self.members)
        while stacks:
            crowd = _train_stack(stacks.pop(0), self.observer)
            if crowd:
                stacks += self._halve(crowd)
        return [self.members[index].result() for index in range(len(self.runs))]

    def _build_member(self, index: int, start: State | None) -> None:
        member = Member(index, self.runs[index], self.device)
        if start is not None:
            member.restore(start)
        self.members[index] = member

    def _build_stacks(self, indices: Iterable[int]) -> list[Stack]:
        members = [self.members[index] for index in indices]
        return build_stacks([member for member in members if member.has_epochs_left], self.compiled)

    def _halve(self, crowd: Sequence[int]) -> list[Stack]:
        """Return two stacks for those that memory was too small for in one.

        They are built anew: some may have taken a step, and what they hold is missing.
        """
        for index in crowd:
            del self.members[index]
        memory.release(self.device)
        for index in crowd:
            self._build_member(index, self.observer.last_state(index) or self.starts[index])
        middle = len(crowd) // 2
        return [*self._build_stacks(crowd[:middle]), *self._build_stacks(crowd[middle:])]


def _train_stack(stack: Stack, observer: Observer) -> list[int]:
    """Train a stack until its last member has left it; return those that memory ran out for, by index.

    Raises MemoryError where it did for a single one.
    """
    current: Stack | None = stack
    while current is not None:
        try:
            current.train_epoch()
        except Exception as error:
            if not memory.ran_out(error):
                raise
            count = len(current.members)
            if count == 1:
                raise MemoryError(f"one run is too large: {error}. Write a smaller batch_size") from error
            log.warning("%d runs are too large for memory together, and go on in halves", count)
            return sorted(member.index for member in current.members)
        ending = _tell_epoch(current.members, observer)
        leaving = [
            member for member in current.members if not member.has_epochs_left or member.index in ending
        ]
        if leaving:
            current = current.without(leaving)
    return []


def _tell_past(member: Member, observer: Observer) -> None:
    """Tell what a run measured before it was interrupted."""
    for epoch in member.epochs:
        observer.epoch(member.index, epoch)
    _tell_end(member, observer)


def _tell_end(member: Member, observer: Observer) -> None:
    """Tell what ends the run before its last epoch, if anything does."""
    if not member.is_finite:
        observer.diverged(member.index)
    elif member.is_out_of_patience:
        observer.stopped(member.index)


def _tell_epoch(members: Sequence[Member], observer: Observer) -> Collection[int]:
    """Tell what an epoch brought, in the order of the runs; return the indices of those to end."""
    for member in sorted(members, key=lambda member: member.index):
        if member.is_finite:
            observer.epoch(member.index, member.epochs[-1])
            observer.state(member.index, member.copy_state)
        _tell_end(member, observer)
    return observer.stop([member.index for member in members if member.is_finite])


@contextmanager
def _restore_random_numbers(device: torch.device) -> Iterator[None]:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


def evaluate(
    run: Run,
    result: Result,
    device: str = "auto",
    precision: str = "fp32",
    splits: Sequence[str] = SPLITS,
) -> dict[str, float]:
    """Return a trained run's objective on each of the splits: train, validation, test."""
    target = devices.resolve(device)
    feed = run.feed.to(target)
    train_rows, validation_rows = feed.split(run.seed)
    images_of: dict[str, tuple[Tensor, Tensor, Tensor]] = {
        "train": (feed.images, feed.targets, train_rows),
        "validation": (feed.images, feed.targets, validation_rows),
        "test": (feed.test_images, feed.test_targets, torch.arange(len(feed.test_targets), device=target)),
    }
    model = result.model
    scores = {}
    loss = StackLoss([run.loss], next(model.parameters()))
    metric = run.metrics[0]
    with devices.numerics(target, precision):
        network = choose_network(model, torch.Size((run.batch_size, *feed.shape)))(
            [model], Layout.apart(1), loss
        )
        for split in splits:
            images, labels, split_rows = images_of[split]
            gather = partial(_gather, images, labels)
            batch = evaluation_batch(feed)
            measured = measure(network, loss, [metric], gather, split_rows.unsqueeze(0), batch)
            scores[split] = measured[metric.key].item()
    rows.detach(model)
    return scores


def _gather(images: Tensor, labels: Tensor, batch: Tensor) -> tuple[Tensor, Tensor]:
    return images[batch.to(images.device)].to(batch.device), labels[batch]
