"""Measure how a setting holds where its learning rate is off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import FreshScore, fresh_metric, fresh_score
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, mean_interval


@dataclass(frozen=True)
class Tolerance:
    """A setting at other learning rates, on the same fresh seeds."""

    # by what the learning rate is multiplied
    factors: Sequence[float]
    # by factor
    fresh: Sequence[FreshScore]
    # by factor: how much worse than at its own learning rate; the intervals hold together (Bonferroni)
    falls: Sequence[Estimate]
    # over its own learning rate and the others, where the runs converge
    mean: Estimate
    # the same of each fresh seed, nan where one of the runs diverged or is unmeasured
    by_seed: Floats


def measure_tolerance(measurement: Measurement, params: Params) -> Tolerance | None:
    """Return how a setting holds; None where it wasn't trained at every factor."""
    metric, factors = fresh_metric(measurement), measurement.confirmation.factors
    if not has_lr(measurement, params) or not factors:
        return None
    scores = []
    for factor in (1.0, *factors):
        score = fresh_score(measurement, scale_lr(measurement, params, factor))
        if score is None:
            return None
        scores.append(score)
    center, level = scores[0].converged, 1 - 0.05 / len(factors)
    falls = [metric.orient(center - score.converged) for score in scores[1:]]
    by_seed = np.mean([score.converged for score in scores], axis=0)
    return Tolerance(
        factors=factors,
        fresh=scores[1:],
        falls=[mean_interval(fall, level) for fall in falls],
        mean=metric.clip(mean_interval(by_seed)),
        by_seed=by_seed,
    )


def has_lr(measurement: Measurement, params: Params) -> bool:
    """Return whether a learning rate is searched and the setting has one: a config may have null there."""
    value = params.get(measurement.lr.name) if measurement.lr else None
    return isinstance(value, int | float) and not isinstance(value, bool)


def scale_lr(measurement: Measurement, params: Params, factor: float) -> Params:
    """Return a setting, which has one, at so many times its lr, rounded as the confirmation does it."""
    assert measurement.lr is not None
    name = measurement.lr.name
    return {**params, name: float(f"{params[name] * factor:.12g}")}
