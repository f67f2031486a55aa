"""Measure how soon runs reach a target, and compare it."""

from collections.abc import Sequence

import numpy as np

from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, mean_interval


def first_epoch(curve: Sequence[float], target: float) -> float:
    """Return the first epoch, from 1, whose value is the target or above; nan where none is."""
    epochs = np.flatnonzero(np.asarray(curve, dtype=float) >= target)
    return float(epochs[0] + 1) if len(epochs) else float("nan")


def median_epoch(epochs: Floats) -> float:
    """Return the median over runs, of which those that never reach the target (nan) are the last.

    nan where half of them or more don't.
    """
    median = float(np.median(np.where(np.isnan(epochs), np.inf, epochs))) if len(epochs) else np.inf
    return median if np.isfinite(median) else float("nan")


def time_ratio(first: Floats, second: Floats) -> Estimate:
    """Return how many times as many epochs the first takes: 2^(mean of log2(T1/T2)), paired.

    With the t interval of the mean; nan where one run or another never reaches the target: those that do
    would be a selection [Dahl et al., arXiv 2306.07179].
    """
    logs = np.log2(first / second)
    if np.isnan(logs).any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    ratio = mean_interval(logs)
    return Estimate(2**ratio.value, 2**ratio.low, 2**ratio.high)
