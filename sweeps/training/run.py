"""What a training is given and what it gives back, in plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sweeps.data.feed import Feed
from sweeps.schedulers import Schedule

# A run between two epochs: all that decides how it goes on, in tensors and plain values.
State = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One training: everything that decides its result.

    model: builds the network from (image shape, classes); optimizer: from the network.
    seed: initialisation, dropout, data order and train/validation split. batch_size: images a step; the
    images that don't fill an epoch's last batch sit that epoch out, drawn anew in each.
    """

    feed: Feed
    model: Callable[[torch.Size, int], nn.Module]
    optimizer: Callable[[nn.Module], Optimizer]
    schedule: Schedule
    seed: int
    epochs: int
    batch_size: int


@dataclass(frozen=True)
class Epoch:
    """What one epoch measured: mean losses in nats, accuracies in percent; `number` counts from 1.

    train_accuracy is that of the batches as they were trained on, dropout included; lr is the first
    parameter group's during the epoch's last step.
    """

    number: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    lr: float


@dataclass(frozen=True)
class Result:
    """How a run ended.

    score: validation accuracy after the last epoch in percent, or chance where the run diverged, which is
    a loss that is not finite, or a last epoch's training loss of at least ln(classes).
    epochs: those that were finished with a finite loss; losses: (steps,) the loss of each of their steps.
    state: what a checkpoint holds.
    """

    score: float
    diverged: bool
    epochs: list[Epoch]
    losses: Tensor
    model: nn.Module
    state: State
