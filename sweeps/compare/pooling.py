"""Pool what several sweeps measured of one difference (random-effects meta-analysis)."""

from dataclasses import dataclass

import numpy as np

from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, Spread, interval, p_value

# The fewest sweeps that say how much a difference varies from one to the next.
ENOUGH_SWEEPS = 3
# Each halves the interval that holds the variance: more than a float's 53 bits.
HALVINGS = 60


@dataclass(frozen=True)
class PooledMean:
    """One difference, pooled over several sweeps."""

    # over sweeps such as these
    mean: Estimate
    # where the true difference of one more such sweep lies
    prediction: Estimate
    # the variance of the true differences between sweeps
    variance: float
    # of the t test that the mean is 0
    p: float


def pool(differences: Floats, errors: Floats, level: float = 0.95) -> PooledMean:
    """Pool K >= 2 differences with their standard errors, all above 0: (K,), (K,).

    mean -+ t((1 + level)/2, K - 1) se, se^2 = max(1, q)/sum(w), q = sum(w (d - mean)^2)/(K - 1), w = 1/(s^2 +
    variance) [Hartung and Knapp 2001, Rover et al. 2015]; a new sweep: sqrt(variance + se^2) in place of se
    [Higgins et al. 2009].
    """
    variance = paule_mandel(differences, errors)
    mean, excess, total_weight = _weighted_mean(differences, errors, variance)
    freedom = len(differences) - 1.0
    squared_error = max(1.0, excess / freedom) / total_weight
    error = Spread(float(np.sqrt(squared_error)), freedom)
    new_error = Spread(float(np.sqrt(variance + squared_error)), freedom)
    return PooledMean(
        interval(mean, error, level), interval(mean, new_error, level), variance, p_value(mean, error)
    )


def paule_mandel(differences: Floats, errors: Floats) -> float:
    """Return the variance between sweeps at which sum(w (d - mean)^2) = K - 1; 0 where it is less without.

    [Paule and Mandel 1982]
    """
    freedom = len(differences) - 1
    # The sum falls as the variance grows, and is below K - 1 at the differences' own variance.
    low, high = 0.0, float(np.var(differences, ddof=1))
    if _weighted_mean(differences, errors, low)[1] <= freedom:
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _weighted_mean(differences, errors, middle)[1] > freedom:
            low = middle
        else:
            high = middle
    return high


def _weighted_mean(differences: Floats, errors: Floats, variance: float) -> tuple[float, float, float]:
    """Return the mean, the weighted sum of squares about it, and the sum of the weights."""
    weights = 1 / (errors**2 + variance)
    mean = float(np.average(differences, weights=weights))
    return mean, float(np.sum(weights * (differences - mean) ** 2)), float(weights.sum())
