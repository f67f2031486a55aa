"""Measure how soon runs reach a target, and compare it."""

import numpy as np

from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, mean_interval


def first_epoch(curve: Floats, target: float) -> float:
    """Return the first epoch, from 1, whose value is the target or above; infinite where none is."""
    epochs = np.flatnonzero(curve >= target)
    return float(epochs[0] + 1) if len(epochs) else float("inf")


def time_ratio(first: Floats, second: Floats) -> Estimate:
    """Return how many times as many epochs the first takes, from log2 of both: (seeds,), the same seeds.

    2^(mean of log2(T1/T2)) with its t interval. nan where a run never reaches the target (infinite): those
    that do would be a selection [Dahl et al., arXiv 2306.07179].
    """
    if np.isinf(first).any() or np.isinf(second).any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    ratio = mean_interval(first - second)
    return Estimate(2**ratio.value, 2**ratio.low, 2**ratio.high)
