"""Compute what a search of k settings of a study is expected to find."""

from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh_objective
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.best_of_k import expected_best, expected_best_band, honest_best


@dataclass(frozen=True)
class BestOfK:
    """The best of k settings tried at random, for k = 1..N, in the metric's own direction."""

    # Its expected mean on the tuning seeds, and the limits of its simultaneous 95 % band.
    expected: Floats
    low: Floats
    high: Floats
    # What it is worth on fresh seeds; None unless all settings were trained on them.
    honest: Floats | None


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
        honest = metric.restore(honest_best(np.array(tuning), metric.orient(np.array(fresh))))
    expected = metric.restore(expected_best(means))
    low, high = np.clip(np.sort(metric.restore(np.array([low, high])), axis=0), *metric.limits)
    return BestOfK(expected, low, high, honest)


def _fresh_mean(measurement: Measurement, setting: Setting) -> float:
    values = fresh_objective(measurement, setting.params)
    return float(values.mean()) if len(values) else float("nan")
