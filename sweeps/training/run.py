"""A run's settings and its result, in plain values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from sweeps.data.feed import Feed
from sweeps.schedulers import Schedule

# A run between two epochs: all that decides how it continues, in tensors and plain values.
State = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One training: everything that decides its result."""

    # The images and targets.
    feed: Feed
    # Builds the network from (image shape, outputs).
    model: Callable[[torch.Size, int], nn.Module]
    # Builds the optimizer from parameters or groups of them.
    optimizer: Callable[[ParamsT], Optimizer]
    # Decides initialisation, dropout, data order and train/validation split.
    seed: int
    epochs: int
    # Images a step. An epoch draws its batches anew; images that don't fill its last one sit it out.
    batch_size: int = 256
    # Moves the learning rate; the default leaves it as it is.
    schedule: Schedule = field(default_factory=Schedule)
    # all, or weights: spare biases and norms.
    weight_decay_on: str = "all"

    @property
    def chance(self) -> float:
        """Return the validation accuracy of guessing, in percent."""
        _, validation_rows = self.feed.split(self.seed)
        return self.feed.score_guess(self.seed, self.feed.targets[validation_rows])


@dataclass(frozen=True)
class Epoch:
    """One epoch's measurements: mean losses in nats, accuracies in percent."""

    # Counts from 1.
    number: int
    # Both of the batches as they were trained on, dropout included.
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    # The first parameter group's learning rate during the last step.
    lr: float


@dataclass(frozen=True)
class Result:
    """A run's end."""

    # Validation accuracy after the last epoch in percent; chance where the run diverged.
    score: float
    # The loss was not finite, or in the last epoch above the first minibatch's before any update: by more
    # than three standard errors of that minibatch's mean, which a slow run's is not.
    diverged: bool
    # It ended with a finite loss, and a score no better than guessing.
    learned_nothing: bool
    # What guessing scores: always the class that is the most frequent one of the training split.
    chance: float
    # The epochs that ended with a finite loss.
    epochs: list[Epoch]
    # The loss of each of their steps: (steps,).
    losses: Tensor
    model: nn.Module
    # The contents of a checkpoint.
    state: State
