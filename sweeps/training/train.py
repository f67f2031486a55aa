"""The training function: plain PyTorch, on the CPU or CUDA, without Hydra or Optuna."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from sweeps.training import device as devices
from sweeps.training.member import Member
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.stack import rows
from sweeps.training.stack.network import form_of
from sweeps.training.stack.stack import Stack, measure, stacks


def train(
    runs: Sequence[Run],
    device: str = "auto",
    precision: str = "fp32",
    on_epoch: Callable[[int, Epoch], None] | None = None,
    starts: Sequence[State | None] | None = None,
    on_state: Callable[[int, Callable[[], State]], None] | None = None,
    on_diverged: Callable[[int], None] | None = None,
    stopped: Callable[[Collection[int]], Collection[int]] | None = None,
    compiled: bool = False,
) -> list[Result]:
    """Train the runs, as one program where their networks and data are alike, and return results in order.

    on_epoch is called with a run's place in `runs` and what its epoch measured.
    starts: what each run goes on from, or None where it begins; on_epoch is told of those epochs again.
    on_state is called after each epoch that was trained, with the run's place and what builds its state.
    on_diverged is called with the place of a run whose loss is not finite, when it ends there.
    stopped is called with the places of the runs that have just finished an epoch together, after on_epoch
    was called for all of them, and says which are to end there.
    compiled: let torch.compile make programs of the stacks' steps first, which takes seconds.
    Same seed, same machine, same threads, same stack: same bits, however often a run was broken off.
    Raises ValueError for a state of another run.
    """
    target = devices.resolve(device)
    calls = Calls(on_epoch or _ignore, on_state or _ignore, on_diverged or _ignore, stopped or _none)
    with devices.computing(target, precision), _own_random_numbers(target):
        members = [Member(place, run, target) for place, run in enumerate(runs)]
        for member, start in zip(members, starts or [None] * len(runs), strict=True):
            if start is not None:
                member.restore(start)
            calls.tell_past(member)
        for stack in stacks([member for member in members if member.unfinished], compiled):
            _train(stack, calls)
        return [member.result() for member in members]


@dataclass(frozen=True)
class Calls:
    """What the caller wants to be told, and asked, while runs train."""

    on_epoch: Callable[[int, Epoch], None]
    on_state: Callable[[int, Callable[[], State]], None]
    on_diverged: Callable[[int], None]
    stopped: Callable[[Collection[int]], Collection[int]]

    def tell_past(self, member: Member) -> None:
        """Tell what a run measured before it was broken off."""
        for epoch in member.epochs:
            self.on_epoch(member.place, epoch)
        if not member.finite:
            self.on_diverged(member.place)

    def tell(self, members: Sequence[Member]) -> Collection[int]:
        """Tell what an epoch brought, in the order of places; the places of those that are to end there."""
        for member in sorted(members, key=lambda member: member.place):
            if member.finite:
                self.on_epoch(member.place, member.epochs[-1])
                self.on_state(member.place, member.state)
            else:
                self.on_diverged(member.place)
        return self.stopped([member.place for member in members if member.finite])


def _train(stack: Stack, calls: Calls) -> None:
    """Train a stack until its last member has left it."""
    left: Stack | None = stack
    while left is not None:
        left.epoch()
        ending = calls.tell(left.members)
        gone = [member for member in left.members if not member.unfinished or member.place in ending]
        left = left.without(gone) if gone else left


def _ignore(*told: object) -> None: ...


def _none(places: Collection[int]) -> Collection[int]:  # noqa: ARG001 -- nobody is to stop
    return ()


@contextmanager
def _own_random_numbers(device: torch.device) -> Iterator[None]:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


def evaluate(run: Run, result: Result, device: str = "auto", precision: str = "fp32") -> dict[str, float]:
    """Accuracy of a trained run in percent on each split, the test split included."""
    target = devices.resolve(device)
    feed = run.feed.to(target)
    train_rows, validation_rows = feed.split(run.seed)
    splits: dict[str, tuple[Tensor, Tensor, Tensor]] = {
        "train": (feed.images, feed.labels, train_rows),
        "validation": (feed.images, feed.labels, validation_rows),
        "test": (feed.test_images, feed.test_labels, torch.arange(len(feed.test_labels), device=target)),
    }
    model = result.model
    with devices.computing(target, precision):
        network = form_of(model, torch.Size((run.batch_size, *feed.shape)))([model])
        accuracies = {
            name: measure(network, partial(_chosen, images, labels), drawn.unsqueeze(0))[1].item()
            for name, (images, labels, drawn) in splits.items()
        }
    rows.detach(model)
    return accuracies


def _chosen(images: Tensor, labels: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
    return images[drawn], labels[drawn]
