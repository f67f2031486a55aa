"""Compute the figures of every setting, which maps and tables show."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.lr_range import lr_values
from sweeps.report.findings.outcome import outcome_of
from sweeps.report.findings.search_curve import BestOfK, best_of_k
from sweeps.report.measure.measurement import Measurement
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.conditions import regrets
from sweeps.report.statistics.intervals import setting_intervals
from sweeps.report.statistics.robust import smoothed_scores


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
    # R_sigma: the score to expect where the learning rate is off; nan off a grid
    robustness: Floats
    # by label, where there are several
    conditions: Mapping[str, Condition]
    # None where the settings don't cover the space
    best_of_k: BestOfK | None


def compute_series(measurement: Measurement) -> Series:
    """Return the figures of every setting."""
    metric, scores = measurement.metric, measurement.seed_scores
    limits = np.full((2, *measurement.shape), np.nan)
    is_measured = outcome_of(measurement) == "measured"
    if is_measured:
        limits = np.array(setting_intervals(scores, measurement.seed_diverged))
    low, high = np.sort(metric.restore(limits), axis=0)
    has_seeds = scores.shape[-1] > 1
    return Series(
        mean=metric.restore(measurement.means),
        low=np.clip(low, *metric.limits),
        high=np.clip(high, *metric.limits),
        sd=scores.std(axis=-1, ddof=1) if has_seeds else np.full(measurement.shape, np.nan),
        robustness=metric.restore(_robustness(measurement)),
        conditions=_conditions(measurement) if is_measured and len(measurement.conditions) > 1 else {},
        best_of_k=best_of_k(measurement) if is_measured and measurement.is_even else None,
    )


def _robustness(measurement: Measurement) -> Floats:
    if not measurement.is_grid:
        return np.full_like(measurement.means, np.nan)
    return smoothed_scores(measurement.means, *lr_values(measurement))


def _conditions(measurement: Measurement) -> dict[str, Condition]:
    means = measurement.metric.restore(measurement.condition_means)
    regret = regrets(measurement.condition_means)
    conditions = {}
    for number, label in enumerate(measurement.conditions):
        conditions[label] = Condition(means[..., number], regret[..., number])
    return conditions
