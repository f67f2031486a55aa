"""Compute the figures of every setting, which maps and tables show."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.search_curve import BestOfK, best_of_k
from sweeps.report.measure.measurement import Measurement
from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.conditions import regrets
from sweeps.report.statistics.intervals import setting_intervals
from sweeps.report.statistics.robust import neighbourhood_means, on_edge

# The share of a continuous range, at either end, that counts as its edge.
EDGE = 0.05


@dataclass(frozen=True)
class Condition:
    """All settings under one condition, (*shape)."""

    mean: Floats
    regret: Floats


@dataclass(frozen=True)
class Series:
    """Arrays along the axes, or over the complete settings, in the metric's own direction: (*shape)."""

    # over all replicates on the tuning seeds, with its 95 % limits and the standard deviation over the seeds
    mean: Floats
    low: Floats
    high: Floats
    sd: Floats
    # the mean of a setting and its neighbours; nan off a grid
    R: Floats
    # the learning rate is the first or last of a grid's, or close to an end of its range
    on_edge: Flags
    # by label, where there are several
    conditions: Mapping[str, Condition]
    # None where the settings don't cover the space
    best_of_k: BestOfK | None


def compute_series(measurement: Measurement) -> Series:
    """Return the figures of every setting."""
    metric, scores = measurement.metric, measurement.seed_scores
    low, high = setting_intervals(scores, measurement.seed_diverged)
    if metric.direction < 0:
        low, high = high, low
    is_known = bool(measurement.by_index)
    has_seeds = scores.shape[-1] > 1
    return Series(
        mean=metric.restore(measurement.means),
        low=metric.restore(low),
        high=metric.restore(high),
        sd=scores.std(axis=-1, ddof=1) if has_seeds else np.full(measurement.shape, np.nan),
        R=metric.restore(_neighbourhood_means(measurement)),
        on_edge=_on_edge(measurement),
        conditions=_conditions(measurement) if is_known and len(measurement.conditions) > 1 else {},
        best_of_k=best_of_k(measurement) if is_known and measurement.is_even else None,
    )


def _neighbourhood_means(measurement: Measurement) -> Floats:
    if not measurement.is_grid:
        return np.full_like(measurement.means, np.nan)
    return neighbourhood_means(measurement.means, measurement.ordered)


def _on_edge(measurement: Measurement) -> Flags:
    number = measurement.lr_axis
    if number is None:
        return np.zeros(measurement.shape, dtype=bool)
    if measurement.is_grid:
        return on_edge(measurement.shape, number)
    axis = measurement.axes[number]
    lrs = np.array([setting.params.get(axis.name, np.nan) for setting in measurement.complete], dtype=float)
    low, high = (float(value) for value in axis.values)
    if axis.log:
        lrs, low, high = np.log10(lrs), float(np.log10(low)), float(np.log10(high))
    shares = (lrs - low) / (high - low)
    return np.asarray(~((shares >= EDGE) & (shares <= 1 - EDGE)))


def _conditions(measurement: Measurement) -> dict[str, Condition]:
    means = measurement.metric.restore(measurement.condition_means)
    regret = regrets(measurement.condition_means)
    conditions = {}
    for number, label in enumerate(measurement.conditions):
        conditions[label] = Condition(means[..., number], regret[..., number])
    return conditions
