"""The resolvers that the files of conf/ use: ${sweeps.workers:...} and the like."""

from collections.abc import Callable
from typing import Any

from omegaconf import DictConfig, OmegaConf

from sweeps.app.build import interval_of


def register_resolvers() -> None:
    """Let configs name the resolvers."""
    resolvers: dict[str, Callable[..., Any]] = {
        "workers": _workers,
        "shared_gpus": _shared_gpus,
        "ticks": _ticks,
        "add": _add,
        "objective_direction": _objective_direction,
        "objective_mode": _objective_mode,
        "objective_curve": _objective_curve,
        "objective_label": _objective_label,
    }
    for name, function in resolvers.items():
        OmegaConf.register_resolver(f"sweeps.{name}", function, replace=True)


def _workers(device: str) -> int:
    from sweeps.training.processors import workers

    try:
        return workers(device)
    except ValueError:  # check() refuses the device with a message that no interpolation error surrounds
        return 1


def _shared_gpus(device: str) -> str | None:
    return None if ":" in device else "auto"


def _ticks(share: Any, *, _root_: DictConfig) -> int:
    """Count the scheduler's steps in the first `share` of a run's epochs after the warm-up."""
    warmup = _root_.warmup.epochs
    if interval_of(_root_) == "epoch":
        ticks: float = share * (_root_.epochs - int(warmup))
    else:
        ticks = share * (_root_.epochs - warmup) * _root_.steps_per_epoch
    return max(1, round(ticks))


def _objective_direction(metrics: DictConfig) -> str:
    return str(next(iter(metrics.values())).direction)


def _objective_mode(metrics: DictConfig) -> str:
    """Return the direction as torch's ReduceLROnPlateau names it."""
    return {"maximize": "max", "minimize": "min"}[_objective_direction(metrics)]


def _objective_curve(metrics: DictConfig) -> str:
    return f"validation_{next(iter(metrics))!s}"


def _objective_label(metrics: DictConfig) -> str:
    """Return the objective's name and unit, as the report reads them: validation accuracy in %."""
    metric = next(iter(metrics.values()))
    return f"validation {metric.name}{f' in {metric.unit}' if metric.unit else ''}"


def _add(*terms: float) -> float:
    return sum(terms)
