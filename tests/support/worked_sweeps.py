"""Sweeps as `sweeps.compare` reads them, of which the worked numbers are."""

from dataclasses import replace
from typing import Any

from sweeps.compare.sweep_file import Sweep
from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.compare import Comparison
from sweeps.report.statistics.intervals import UNKNOWN, Spread, interval

PERCENT = Metric("test accuracy", "%")
LOSS = Metric("loss", direction=-1)


def comparison(difference: float, error: float, reason: str = "") -> Comparison:
    """A comparison in which adam is better than sgd by so much."""
    spread = Spread(error, 20.0) if error > 0 else UNKNOWN
    limits = interval(difference, spread)
    return Comparison("adam", "sgd", 10, 0, limits, Spread(error, 20.0), 0.5, 0.5, "no difference", reason)


def sweep(name: str, difference: float = 0.0, error: float = 0.1, **changes: Any) -> Sweep:
    """A sweep of adam and sgd, in which adam is better by so much, without settings."""
    made = Sweep(
        name=name,
        metric=PERCENT,
        objective=PERCENT,
        configs={"adam": {"epochs": 3}, "sgd": {"epochs": 3}},
        settings={"adam": [], "sgd": []},
        recommended={},
        comparisons=[comparison(difference, error)],
    )
    return replace(made, **changes)


def worked_sweeps() -> list[Sweep]:
    """The sweeps of the worked numbers."""
    numbers = {"mnist": (0.44, 0.20), "fashion": (0.08, 0.10), "digits": (0.30, 0.15)}
    return [sweep(name, *values) for name, values in numbers.items()]
