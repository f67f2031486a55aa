"""What the tests of training share: runs, what is observed of them, and how their weights are compared."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from sweeps.data import mnist5k
from sweeps.models import mlp
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.train import Observer

CPU = torch.device("cpu")
MLP = partial(mlp, widths=[75, 45], dropout=[0.5, 0.3], norm="batch")
FEED = mnist5k(normalize=True)
RUN = Run(FEED, MLP, partial(Adam, lr=0.005), seed=0, epochs=2)
SMALL_FEED = replace(
    FEED,
    images=FEED.images[:600],
    targets=FEED.targets[:600],
    validation=100,
)
SMALL = replace(RUN, feed=SMALL_FEED, batch_size=100, epochs=3)


def to_float64(run: Run) -> Run:
    """Return the run in double precision."""
    feed = replace(run.feed, images=run.feed.images.double(), test_images=run.feed.test_images.double())
    return replace(run, feed=feed, model=lambda *shape: run.model(*shape).double())


class Log(Observer):
    """Writes down what it observes, by the index of the run."""

    def __init__(self) -> None:
        self.epochs: list[tuple[int, Epoch]] = []
        self.states: list[tuple[int, State]] = []
        self.diverged_runs: list[int] = []
        self.stopped_runs: list[int] = []

    def epoch(self, run: int, epoch: Epoch) -> None:
        self.epochs.append((run, epoch))

    def state(self, run: int, state: Callable[[], State]) -> None:
        self.states.append((run, state()))

    def diverged(self, run: int) -> None:
        self.diverged_runs.append(run)

    def stopped(self, run: int) -> None:
        self.stopped_runs.append(run)


def copy_state(result: Result) -> dict[str, Tensor]:
    """Return a copy of a result's weights and buffers."""
    return {name: value.clone() for name, value in result.model.state_dict().items()}


def same_bits(left: Any, right: Any) -> bool:
    """Return whether two states, nested as they may be, hold the same bits."""
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same_bits(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same_bits, left, right))
    return type(left) is type(right) and left == right


def assert_close(result: Result, model: nn.Module, tolerance: float) -> None:
    """Check that a result has the weights and buffers of a model, within a tolerance."""
    wanted = model.state_dict()
    for name, value in copy_state(result).items():
        message = partial("{}: {}".format, name)
        torch.testing.assert_close(value, wanted[name], rtol=tolerance, atol=tolerance, msg=message)


class Convolutions(nn.Module):
    """A small network with what a sequence of known layers lacks."""

    def __init__(self, shape: torch.Size, classes: int) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(shape[0], 4, 3, stride=2), nn.BatchNorm2d(4)
        self.channels, self.dropout = nn.Dropout2d(0.2), nn.Dropout(0.4)
        self.linear, self.unused = nn.Linear(4 * 13 * 13, classes), nn.Linear(2, 2)

    def forward(self, images: Tensor) -> Tensor:
        values = self.channels(torch.relu(self.norm(self.convolution(images))))
        logits: Tensor = self.linear(self.dropout(values.flatten(1)))
        return logits
