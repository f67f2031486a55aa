"""Learning rate schedulers: their steps, the metric they watch, the warm-up before them."""

from collections.abc import Callable, Mapping
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
    """A torch scheduler, stepped after each epoch or each optimizer step."""

    # The scheduler's class with its arguments, to be called with the optimizer.
    build: Callable[[Optimizer], LRScheduler] = constant
    # epoch or step
    interval: str = "epoch"
    # The metric of an epoch that the scheduler's step() takes, if any.
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

    def after_epoch(self, scheduler: LRScheduler, metrics: Mapping[str, Any]) -> None:
        """Step a scheduler that goes by epochs, with the metric it watches."""
        if self.interval == "epoch":
            metric_values: tuple[Any, ...] = (metrics[self.monitor],) if self.monitor else ()
            scheduler.step(*metric_values)


class WarmUp(LRScheduler):
    """A learning rate that rises linearly, step by step, to where another scheduler begins.

    build: the scheduler's class with its arguments; it begins with the first step after the warm-up.
    steps: optimizer steps of the warm-up; start_factor: the first one's share of the learning rate.
    """

    def __init__(
        self, optimizer: Optimizer, build: Callable[[Optimizer], LRScheduler], steps: int, start_factor: float
    ) -> None:
        self.optimizer = optimizer
        self.scheduler = build(optimizer)
        self.steps = steps
        self.step_count = 0
        self.full_lrs = [group["lr"] for group in optimizer.param_groups]
        self.rise = LinearLR(optimizer, start_factor, total_iters=steps)

    def warm(self) -> None:
        """Count an optimizer step, and raise the learning rate if it is one of the warm-up."""
        self.step_count += 1
        if self.step_count < self.steps:
            self.rise.step()
        if self.step_count == self.steps:  # exactly: the rise ends a rounding error away
            for group, lr in zip(self.optimizer.param_groups, self.full_lrs, strict=True):
                group["lr"] = lr

    def step(self, *metric_values: Any) -> None:
        """Step the scheduler, once there was a step after the warm-up."""
        if self.step_count > self.steps:
            self.scheduler.step(*metric_values)

    def state_dict(self) -> dict[str, Any]:
        """Return the scheduler's state, with the warm-up's own values beside it."""
        warm_up = {"steps": self.steps, "start_factor": self.rise.start_factor}
        progress = {"_taken": self.step_count, "_reached": self.full_lrs, "_rise": self.rise.state_dict()}
        return {
            **self.scheduler.state_dict(),
            "then": type(self.scheduler).__name__,
            "warmup": warm_up,
            **progress,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a state of the same warm-up and scheduler."""
        state = dict(state_dict)
        self.step_count, self.full_lrs = state.pop("_taken"), state.pop("_reached")
        self.rise.load_state_dict(state.pop("_rise"))
        self.scheduler.load_state_dict({key: state[key] for key in state if key not in ("then", "warmup")})


def one_cycle(optimizer: Optimizer, **arguments: Any) -> OneCycleLR:
    """Build torch's OneCycleLR, whose highest learning rate is each parameter group's own.

    Raises ValueError where one of its phases has no step to go, by which torch would divide.
    """
    total, share = arguments.get("total_steps"), arguments.get("pct_start", 0.3)
    if total is not None:
        rise = share * total - 1
        ends = [rise, 2 * rise, total - 1] if arguments.get("three_phase") else [rise, total - 1]
        if any(start == end for start, end in zip([0, *ends], ends, strict=False)):
            raise ValueError(
                f"pct_start={share} of {total} steps leaves a phase without a step; "
                "write pct_start=0.3, say, or train for more steps"
            )
    return OneCycleLR(optimizer, [group["lr"] for group in optimizer.param_groups], **arguments)
