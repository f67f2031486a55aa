"""Expect what a new sweep will tell apart, by the noise of an earlier one."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import scipy  # its special functions load when one is called, which takes a while

from sweeps.report.findings.fresh import fresh_score
from sweeps.report.measure.measurement import Measurement
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Spread, detectable, difference_error

# Fewer pairs of fresh seeds say less of the noise than the tuning does.
LEAST_PAIRS = 3


def pair_deviation(measurements: Sequence[Measurement]) -> float:
    """Return the standard deviation, over the seeds, of the difference of two good settings; nan if unknown.

    Of two optimizers' confirmed settings where there are such, as that is what will be compared. Else of two
    good settings of one study, less what all settings share.
    """
    fresh_scores = [scores for scores in map(_best_fresh_scores, measurements) if scores is not None]
    differences = [
        one - another for one, another in combinations(fresh_scores, 2) if len(one) == len(another)
    ]
    variances = [_variance(difference) for difference in differences]
    if not variances:
        variances = [_tuning_variance(measurement) for measurement in measurements]
    positive_variances = [variance for variance in variances if variance > 0]
    return float(np.sqrt(np.mean(positive_variances))) if positive_variances else float("nan")


def seeds_needed(difference: float, sd: float, power: float = 0.8) -> int:
    """Return the fewest pairs of seeds that find a true mean difference with this probability.

    sd: of the paired differences, over the seeds. The inverse of `detectable`.
    """
    assert difference > 0
    assert sd >= 0
    # The normal distribution's answer, which the t test's is above, saves most of the steps.
    n = max(2, int((float(scipy.special.ndtri(0.975) + scipy.special.ndtri(power)) * sd / difference) ** 2))
    while detectable(Spread(sd / np.sqrt(n), n - 1.0), power) > difference:
        n += 1
    return n


def _best_fresh_scores(measurement: Measurement) -> Floats | None:
    """Return the fresh scores of the confirmed setting with the best mean; None where no seed is measured."""
    candidates = []
    for setting in measurement.confirmation.settings:
        fresh = fresh_score(measurement, setting.params)
        if fresh and np.isfinite(fresh.converged).sum() >= LEAST_PAIRS:
            candidates.append(measurement.metric.orient(fresh.converged))
    return max(candidates, key=lambda scores: float(np.nanmean(scores)), default=None)


def _variance(differences: Floats) -> float:
    values = differences[np.isfinite(differences)]
    return float(values.var(ddof=1)) if len(values) >= LEAST_PAIRS else float("nan")


def _tuning_variance(measurement: Measurement) -> float:
    scores = measurement.seed_scores
    return float(scores.shape[-1] * difference_error(scores, measurement.seed_diverged).sd ** 2)
