"""Measure how a setting holds where its learning rate is off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import converged_scores, fresh_metric
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, mean_interval


@dataclass(frozen=True)
class Tolerance:
    """A setting at other learning rates, on the same fresh seeds, where the runs converge."""

    # by what the learning rate is multiplied
    factors: Sequence[float]
    # by factor: the mean, in the metric's own direction
    scores: Sequence[Estimate]
    # by factor: how much worse than at its own learning rate; the intervals hold together (Bonferroni)
    falls: Sequence[Estimate]
    # by factor: how many of the runs diverged
    diverged: Sequence[int]
    runs: Sequence[int]
    # over its own learning rate and the others
    mean: Estimate
    # the same of each fresh seed, nan where one of the runs diverged or is unmeasured
    by_seed: Floats


def measure_tolerance(measurement: Measurement, params: Params) -> Tolerance | None:
    """Return how a setting holds; None where it wasn't trained at every factor."""
    metric, factors = fresh_metric(measurement), measurement.confirmation.factors
    settings = [measurement.confirmation.of(scaled(measurement, params, factor)) for factor in factors]
    scores = np.array([converged_scores(measurement, setting.params) for setting in settings if setting])
    if measurement.lr is None or not factors or len(scores) < len(factors):
        return None
    center = converged_scores(measurement, params)
    level = 1 - 0.05 / len(factors)
    by_seed = np.vstack([center, scores]).mean(axis=0)
    return Tolerance(
        factors=factors,
        scores=[metric.clip(mean_interval(values)) for values in scores],
        falls=[mean_interval(metric.orient(center - values), level) for values in scores],
        diverged=[setting.diverged for setting in settings if setting],
        runs=[len(setting.runs) for setting in settings if setting],
        mean=metric.clip(mean_interval(by_seed)),
        by_seed=by_seed,
    )


def scaled(measurement: Measurement, params: Params, factor: float) -> Params:
    """Return a setting at so many times its learning rate, rounded as the confirmation does it."""
    if measurement.lr is None:
        return params
    name = measurement.lr.name
    return {**params, name: float(f"{params[name] * factor:.12g}")}
