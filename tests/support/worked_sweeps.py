"""Sweeps as `sweeps.compare` reads them, of which the worked numbers are."""

from dataclasses import replace
from typing import Any

from sweeps.report.findings.sweep_file import StoredComparison, Sweep
from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.intervals import Estimate

PERCENT = Metric("test accuracy", "%")
LOSS = Metric("loss", direction=-1)


def sweep(name: str, difference: float = 0.0, error: float = 0.1, **changes: Any) -> Sweep:
    """A sweep of adam and sgd, in which adam is better by so much, of one setting each."""
    half_width = 2 * error if error > 0 else float("nan")
    limits = Estimate(difference, difference - half_width, difference + half_width)
    made = Sweep(
        name=name,
        metric=PERCENT,
        objective=PERCENT,
        configs={"adam": {"epochs": 3}, "sgd": {"epochs": 3}},
        settings={"adam": [], "sgd": []},
        recommended={},
        comparisons=[StoredComparison("adam", "sgd", limits, error, "")],
    )
    return replace(made, **changes)


def worked_sweeps() -> list[Sweep]:
    """The sweeps of the worked numbers."""
    numbers = {"mnist": (0.44, 0.20), "fashion": (0.08, 0.10), "digits": (0.30, 0.15)}
    return [sweep(name, *values) for name, values in numbers.items()]
