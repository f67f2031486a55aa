"""When a learning rate scheduler steps, what it watches, and the warm-up before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, LinearLR, LRScheduler, OneCycleLR

INTERVALS = ("epoch", "step")


def constant(optimizer: Optimizer) -> ConstantLR:
    """Return the scheduler that leaves the learning rate as it is."""
    return ConstantLR(optimizer, factor=1.0)


@dataclass(frozen=True)
class Schedule:
    """A torch scheduler, stepped after each epoch or each optimizer step.

    build: the scheduler's class with its arguments, still to be given the optimizer.
    interval: epoch or step. monitor: the metric of an epoch that the scheduler's step() is given, or None.
    """

    build: Callable[[Optimizer], LRScheduler] = constant
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
        """Step a scheduler that goes by optimizer steps, or its warm-up."""
        if isinstance(scheduler, WarmUp):
            scheduler.warm()
        if self.interval == "step":
            scheduler.step()

    def after_epoch(self, scheduler: LRScheduler, metrics: object) -> None:
        """Step a scheduler that goes by epochs, with the metric it watches."""
        if self.interval == "epoch":
            watched: tuple[Any, ...] = (getattr(metrics, self.monitor),) if self.monitor else ()
            scheduler.step(*watched)


class WarmUp(LRScheduler):
    """A learning rate that rises linearly, step by step, to where another scheduler begins.

    then: the scheduler's class with its arguments; it begins with the first step after the warm-up.
    steps: optimizer steps of the warm-up; start_factor: what the first has of the learning rate.
    """

    def __init__(
        self, optimizer: Optimizer, then: Callable[[Optimizer], LRScheduler], steps: int, start_factor: float
    ) -> None:
        self.optimizer = optimizer
        self.then = then(optimizer)
        self.steps = steps
        self.taken = 0
        self.reached = [group["lr"] for group in optimizer.param_groups]
        self.rise = LinearLR(optimizer, start_factor, total_iters=steps)

    def warm(self) -> None:
        """Count an optimizer step, and go on with the warm-up if it is one of its steps."""
        self.taken += 1
        if self.taken < self.steps:
            self.rise.step()
        if self.taken == self.steps:  # exactly: the rise ends a rounding error away
            for group, lr in zip(self.optimizer.param_groups, self.reached, strict=True):
                group["lr"] = lr

    def step(self, *watched: Any) -> None:
        """Step the scheduler, once there has been a step after the warm-up."""
        if self.taken > self.steps:
            self.then.step(*watched)

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's, with the warm-up's own values beside it."""
        warm_up = {"steps": self.steps, "start_factor": self.rise.start_factor}
        progress = {"_taken": self.taken, "_reached": self.reached, "_rise": self.rise.state_dict()}
        return {**self.then.state_dict(), "then": type(self.then).__name__, "warmup": warm_up, **progress}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state of the same warm-up and scheduler."""
        state = dict(state_dict)
        self.taken, self.reached = state.pop("_taken"), state.pop("_reached")
        self.rise.load_state_dict(state.pop("_rise"))
        self.then.load_state_dict({key: state[key] for key in state if key not in ("then", "warmup")})


def one_cycle(optimizer: Optimizer, **arguments: Any) -> OneCycleLR:
    """torch's OneCycleLR, whose highest learning rate is each parameter group's own."""
    return OneCycleLR(optimizer, [group["lr"] for group in optimizer.param_groups], **arguments)
