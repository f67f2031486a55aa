"""Compute the figures of every setting, and what a search of k of them is expected to find."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh_objective
from sweeps.report.findings.robustness import smooth
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.best_of_k import expected_best, expected_best_band, honest_best
from sweeps.report.statistics.conditions import regrets
from sweeps.report.statistics.intervals import setting_intervals


@dataclass(frozen=True)
class BestOfK:
    """The best of k settings tried at random, for k = 1..N, in the metric's own direction."""

    # Its expected mean on the tuning seeds, and the limits of its simultaneous 95 % band.
    expected: Floats
    low: Floats
    high: Floats
    # What it is worth on fresh seeds; None unless all settings were trained on them.
    honest: Floats | None


@dataclass(frozen=True)
class Series:
    """Arrays along the axes, or over the complete settings, in the metric's own direction: (*shape)."""

    # over all replicates on the tuning seeds, with its 95 % limits and the standard deviation over the seeds
    mean: Floats
    low: Floats
    high: Floats
    sd: Floats
    # R_sigma: the score to expect where the learning rate is off; nan where that isn't known
    robustness: Floats
    # by the condition's label: its best mean minus the setting's
    regrets: Mapping[str, Floats]
    # None where the settings don't cover the space
    best_of_k: BestOfK | None


def compute_series(measurement: Measurement) -> Series:
    """Return the figures of every setting."""
    metric, scores = measurement.metric, measurement.seed_scores
    low = high = sd = np.full(measurement.shape, np.nan)
    is_measured = measurement.outcome == "measured"
    if is_measured:
        limits = metric.orient(np.array(setting_intervals(scores, measurement.seed_diverged)))
        low, high = np.clip(np.sort(limits, axis=0), *metric.limits)
    if scores.shape[-1] > 1:
        sd = scores.std(axis=-1, ddof=1)
    by_condition = np.moveaxis(regrets(measurement.condition_means), -1, 0)
    return Series(
        mean=metric.orient(measurement.means),
        low=low,
        high=high,
        sd=sd,
        robustness=metric.orient(smooth(measurement, measurement.means)),
        regrets=dict(zip(measurement.conditions, by_condition, strict=True)),
        best_of_k=best_of_k(measurement) if is_measured and measurement.is_even else None,
    )


def best_of_k(measurement: Measurement) -> BestOfK:
    """Return the expected best of k of the declared settings, for each k."""
    measurement = measurement.declared()
    metric, means = measurement.metric, measurement.means
    low, high = expected_best_band(measurement.seed_scores, measurement.seed_diverged)
    tuning, fresh = [], []
    for index, setting in measurement.by_index.items():
        tuning.append(means[index])
        fresh.append(_fresh_mean(measurement, setting))
    honest = None
    if not np.isnan(fresh).any():
        honest = metric.orient(honest_best(np.array(tuning), metric.orient(np.array(fresh))))
    expected = metric.orient(expected_best(means))
    low, high = np.clip(np.sort(metric.orient(np.array([low, high])), axis=0), *metric.limits)
    return BestOfK(expected, low, high, honest)


def _fresh_mean(measurement: Measurement, setting: Setting) -> float:
    values = fresh_objective(measurement, setting.params)
    return float(values.mean()) if len(values) else float("nan")
