"""When a learning rate scheduler steps, and what it watches."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

INTERVALS = ("epoch", "step")


@dataclass(frozen=True)
class Schedule:
    """A torch scheduler, stepped after each epoch or each optimizer step.

    build: the scheduler's class with its arguments, still to be given the optimizer.
    interval: epoch or step. monitor: the metric of an epoch that the scheduler's step() is given, or None.
    """

    build: Callable[[Optimizer], LRScheduler]
    interval: str = "epoch"
    monitor: str | None = None

    def __post_init__(self) -> None:
        if self.interval not in INTERVALS:
            raise ValueError(f"scheduler.interval={self.interval} is not known; write epoch or step")
        if self.interval == "step" and self.monitor is not None:
            raise ValueError(
                f"scheduler.monitor={self.monitor} is measured once an epoch; write scheduler.interval=epoch"
            )

    def after_step(self, scheduler: LRScheduler) -> None:
        """Step a scheduler that goes by optimizer steps."""
        if self.interval == "step":
            scheduler.step()

    def after_epoch(self, scheduler: LRScheduler, metrics: object) -> None:
        """Step a scheduler that goes by epochs, with the metric it watches."""
        if self.interval == "epoch":
            watched: tuple[Any, ...] = (getattr(metrics, self.monitor),) if self.monitor else ()
            scheduler.step(*watched)
