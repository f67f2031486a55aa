"""A run's settings and its result, in plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from sweeps.data.augment import Augment
from sweeps.data.feed import Feed
from sweeps.losses import CROSS_ENTROPY, Loss, is_binary
from sweeps.metrics import ACCURACY, EpochMetric
from sweeps.optimizers import build_optimizer
from sweeps.schedulers import Schedule
from sweeps.training.guess import score_guess

if TYPE_CHECKING:
    from sweeps.training.initial import Weights

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
    # Images a batch. An epoch draws its batches anew; images that don't fill its last step sit it out.
    batch_size: int = 256
    # Batches whose mean gradient makes one step.
    accumulate: int = 1
    # Moves the learning rate; the default leaves it as it is.
    schedule: Schedule = field(default_factory=Schedule)
    # all, or weights: spare biases and norms.
    weight_decay_on: str = "all"
    # What the network begins with, as far as it fits, instead of its own initialisation.
    init_from: Weights | None = None
    # Patterns of the parameters that don't train: a name, a module's, or a glob.
    freeze: tuple[str, ...] = ()
    # Likewise, of others, with what multiplies their learning rate.
    lr_factors: tuple[tuple[str, float], ...] = ()
    # Maps outputs (n, outputs) and targets to each row's loss; one that returns their mean trains unstacked.
    loss: Loss = CROSS_ENTROPY
    # What each epoch measures beside the loss; the first is the objective.
    metrics: tuple[EpochMetric, ...] = (ACCURACY,)
    # Changes each batch of training images.
    augment: Augment | None = None
    # Mixes each training image with another by a share that is drawn from Beta(mixup, mixup) for each batch.
    mixup: float | None = None
    # What the gradient is cut to before each step: its norm over all parameters, each of its elements before.
    clip_norm: float | None = None
    clip_value: float | None = None
    # What the average of the weights keeps of itself at each step; epochs are evaluated with the average.
    ema: float | None = None
    # Epochs in a row without a better score than before, after which the run ends.
    patience: int | None = None

    def build_optimizer(self, model: nn.Module) -> Optimizer:
        """Build the optimizer of the parameters of its network that train."""
        return build_optimizer(self.optimizer, model, self.weight_decay_on, self.freeze, self.lr_factors)

    @property
    def step_rows(self) -> int:
        """Return the images of a step: those of all its batches."""
        return self.batch_size * self.accumulate

    @property
    def outputs(self) -> int:
        """Return the width of the network's last layer."""
        return 1 if is_binary(self.loss) and not self.feed.is_regression else self.feed.outputs

    @property
    def chance(self) -> float:
        """Return what guessing scores on the validation split, in the objective's unit."""
        _, validation_rows = self.feed.split(self.seed)
        return score_guess(self, self.feed.targets[validation_rows])


@dataclass(frozen=True)
class Epoch:
    """One epoch's measurements, by metric: `loss`, a mean over rows, and the run's metrics in their units."""

    # Counts from 1.
    number: int
    # Of the batches as they were trained on, dropout included: loss, and metrics that are means over rows.
    train: dict[str, float]
    # Every metric.
    validation: dict[str, float]
    # The first parameter group's learning rate during the last step.
    lr: float

    def to_values(self) -> dict[str, Any]:
        """Return number, train_loss, train_<metric>, validation_loss, validation_<metric> and lr."""
        train = {f"train_{key}": value for key, value in self.train.items()}
        validation = {f"validation_{key}": value for key, value in self.validation.items()}
        return {"number": self.number, **train, **validation, "lr": self.lr}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Epoch:
        """Return the epoch that `to_values` described."""
        splits: dict[str, dict[str, float]] = {"train": {}, "validation": {}}
        for key, value in values.items():
            split, _, metric = key.partition("_")
            if split in splits:
                splits[split][metric] = value
        return cls(values["number"], **splits, lr=values["lr"])


@dataclass(frozen=True)
class Result:
    """A run's end."""

    # The first metric of the validation split after the last epoch; chance where the run diverged.
    score: float
    # Loss or score was not finite, or the last epoch's loss above the first minibatch's before any update:
    # by more than three standard errors of that minibatch's mean, which a slow run's is not.
    diverged: bool
    # It ended with a finite loss, and a score no better than guessing.
    learned_nothing: bool
    # What guessing scores: always the commonest class of the training split, or its mean.
    chance: float
    # Its patience ended it before its last epoch.
    stopped_early: bool
    # The epochs that ended with a finite loss.
    epochs: list[Epoch]
    # The loss of each of their steps: (steps,).
    losses: Tensor
    # As it is evaluated: with the average of its weights where the run has one.
    model: nn.Module
    # The contents of a checkpoint.
    state: State
