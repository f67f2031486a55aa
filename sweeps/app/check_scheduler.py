"""Checks that a scheduler fits its run: its methods, its length, and what it watches."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from sweeps.app.check_objective import measured_values
from sweeps.app.reasons import describe_kind

if TYPE_CHECKING:
    from sweeps.training.run import Run


def check_scheduler(name: str, scheduler: Any, run: Run) -> None:
    """Raise ValueError for a scheduler that lacks a method, ends too soon, or watches what isn't there."""
    for method in ("step", "state_dict", "load_state_dict"):
        if not callable(getattr(scheduler, method, None)):
            raise ValueError(
                f"scheduler: {name} returned {describe_kind(scheduler)} without {method}(); "
                "return a torch.optim.lr_scheduler.LRScheduler"
            )
    _check_monitor(name, scheduler, run)
    total = getattr(scheduler, "total_steps", None)
    ticks = _count_ticks(run)
    if total is not None and total < ticks:
        raise ValueError(
            f"scheduler.total_steps={total} ends before the run's {ticks} {run.schedule.interval}s; "
            f"write scheduler.total_steps={ticks}"
        )
    names = measured_values(run)
    if (monitor := run.schedule.monitor) not in (None, *names):
        raise ValueError(
            f"scheduler.monitor={monitor} is not measured; write null or one of {', '.join(names)}"
        )


def _check_monitor(name: str, scheduler: Any, run: Run) -> None:
    """Refuse a scheduler that needs a metric and has none, and one that would take it for an epoch."""
    scheduler = getattr(scheduler, "scheduler", scheduler)  # a warm-up's
    parameters = list(inspect.signature(scheduler.step).parameters.values())
    needs_one = bool(parameters) and parameters[0].default is inspect.Parameter.empty
    takes_one = needs_one and parameters[0].kind is not inspect.Parameter.VAR_KEYWORD
    is_any = bool(parameters) and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL
    if takes_one and not is_any and run.schedule.monitor is None:
        raise ValueError(
            f"scheduler.monitor=null: {name} needs a metric; write scheduler.monitor=validation_loss, say"
        )
    if not takes_one and run.schedule.monitor is not None:
        raise ValueError(
            f"scheduler.monitor={run.schedule.monitor}: {name} watches no metric; "
            "write scheduler.monitor=null"
        )


def _count_ticks(run: Run) -> int:
    """Return how often a run steps its scheduler."""
    steps: int = run.epochs * (run.feed.training // run.step_rows)
    warmup: int = getattr(run.schedule.build, "keywords", {}).get("steps", 0)
    if run.schedule.interval == "step":
        return steps - warmup
    return run.epochs - warmup * run.epochs // max(steps, 1)
