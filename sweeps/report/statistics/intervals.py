"""Give a mean or a share its interval, and say what so many seeds can detect.

scipy.special stands in for scipy.stats, which takes seconds to import.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its special functions load when one is called, which takes a while

from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.noise import error_variance, nearest, stable

# Replicates from which a setting's own standard deviation is good enough for its interval.
ENOUGH = 5
# A standard error that stands for none.
TINY = 1e-12


@dataclass(frozen=True)
class Estimate:
    """A figure with the limits of its interval; nan limits where there is none."""

    value: float
    low: float
    high: float

    def __neg__(self) -> "Estimate":
        """Return the figure times -1."""
        return Estimate(-self.value, -self.high, -self.low)

    @property
    def excludes_zero(self) -> bool:
        """Return whether the limits lie on one side of 0."""
        return self.low > 0 or self.high < 0

    @property
    def half_width(self) -> float:
        """Return half of the distance between the limits."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Spread:
    """A standard deviation and its degrees of freedom."""

    sd: float
    freedom: float

    @property
    def is_none(self) -> bool:
        """Return whether it is 0 but for rounding: equal scores, which say nothing of other seeds."""
        return self.sd < TINY


UNKNOWN = Spread(float("nan"), float("nan"))


def mean_interval(values: Floats, level: float = 0.95) -> Estimate:
    """Return the mean and its t interval: mean -+ t((1 + level)/2, n - 1) sd / sqrt(n), without nan."""
    return interval(*mean_spread(values), level)


def mean_spread(values: Floats) -> tuple[float, Spread]:
    """Return the mean and its standard error, sd / sqrt(n) with freedom n - 1; nan for a single value."""
    values = values[~np.isnan(values)]
    n = len(values)
    error = float(np.std(values, ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
    return float(values.mean()) if n else float("nan"), Spread(error, n - 1.0)


def interval(value: float, error: Spread, level: float = 0.95) -> Estimate:
    """Return a figure -+ t((1 + level)/2, freedom) standard errors; no limits where they are none."""
    if not error.freedom > 0 or error.is_none:
        return Estimate(value, float("nan"), float("nan"))
    half_width = error.sd * float(scipy.special.stdtrit(error.freedom, (1 + level) / 2))
    return Estimate(value, value - half_width, value + half_width)


def p_value(value: float, error: Spread) -> float:
    """Return the two-sided p of a t test that a true value is 0; nan where its error is unknown."""
    if not error.freedom > 0 or error.is_none:
        return float("nan")
    return float(2 * scipy.special.stdtr(error.freedom, -abs(value) / error.sd))


def sum_of(errors: Sequence[Spread]) -> Spread:
    """Return the standard error of a sum of independent figures, its freedom by Welch and Satterthwaite."""
    if any(np.isnan(error.sd) for error in errors):
        return UNKNOWN
    variance = sum(error.sd**2 for error in errors)
    squares = sum(error.sd**4 / error.freedom for error in errors if error.sd > 0)
    freedom = variance**2 / squares if squares > 0 else min(error.freedom for error in errors)
    return Spread(float(np.sqrt(variance)), float(freedom))


def pooled_spread(rows: Floats) -> Spread:
    """Return the standard deviation pooled over stable settings: scores (settings, replicates).

    All settings train with the same seeds, so their errors share a part: the variance is (MS_seed + (a - 1)
    MS_error) / a of a settings, and its degrees of freedom Satterthwaite's: a (n - 1) where the seeds have no
    effect, down to n - 1 where they have no other [Satterthwaite 1946].
    """
    settings, n = rows.shape
    if n < 2:
        return UNKNOWN
    deviations = rows - rows.mean(axis=1, keepdims=True)
    seed = settings * float(np.sum(deviations.mean(axis=0) ** 2))  # n - 1 degrees of freedom
    error = float(np.sum(deviations**2)) - seed  # (settings - 1)(n - 1)
    # that of independent errors
    total_freedom = settings * (n - 1)
    squares = seed**2 + (error**2 / (settings - 1) if settings > 1 else 0.0)
    freedom = (seed + error) ** 2 / squares * (n - 1) if squares > 0 else total_freedom
    return Spread(float(np.sqrt((seed + error) / total_freedom)), float(min(freedom, total_freedom)))


def setting_intervals(scores: Floats, diverged: Flags, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return limits of every setting's mean: scores (*axes, replicates) -> lower, upper (*axes).

    Below five replicates a stable setting's standard deviation is pooled over the stable settings of the
    nearest means; else it is its own. Pooled over all of them, and as if their errors were independent, 87 %
    of the intervals would hold where the seeds share most of the noise. The setting that looks best looks too
    good: its interval holds less often than the others'.
    """
    low, high = np.full(scores.shape[:-1], np.nan), np.full(scores.shape[:-1], np.nan)
    sound = stable(scores, diverged)
    rows = scores[sound]
    means = rows.mean(axis=1)
    for index in np.ndindex(*scores.shape[:-1]):
        mean, error = mean_spread(scores[index])
        if sound[index] and scores.shape[-1] < ENOUGH:
            spread = pooled_spread(rows[nearest(means, mean)])
            error = Spread(spread.sd / np.sqrt(scores.shape[-1]), spread.freedom)
        estimate = interval(mean, error, level)
        low[index], high[index] = estimate.low, estimate.high
    return low, high


def difference_error(scores: Floats, diverged: Flags) -> Spread:
    """Return the standard error of the difference of two good settings on the same n seeds: own sqrt(2/n).

    own^2 is the error variance of the settings without a diverged run whose mean is at or above the median of
    all means. 0, without freedom, where those or the seeds are fewer than two. scores: (*axes, replicates).
    """
    means, mask = scores.mean(axis=-1), stable(scores, diverged)
    if mask.any():
        mask &= means >= np.nanmedian(means)
    rows = scores[mask]
    count, n = rows.shape
    if not count:
        return Spread(0.0, 0.0)
    return Spread(float(np.sqrt(error_variance(rows) * 2 / n)), float((count - 1) * (n - 1)))


def clopper_pearson(count: int, total: int, level: float = 0.95) -> Estimate:
    """Return a share with its exact interval: beta quantiles of (k, n - k + 1) and (k + 1, n - k) [1934]."""
    if total == 0:
        return Estimate(float("nan"), 0.0, 1.0)
    tail = (1 - level) / 2
    low = float(scipy.special.betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(scipy.special.betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return Estimate(count / total, low, high)


def wilson(share: float, total: int) -> Estimate:
    """Return a share of many with its 95 % interval [Wilson 1927]."""
    squared = 1.96**2 / total
    middle = (share + squared / 2) / (1 + squared)
    half = float(np.sqrt(squared * (share * (1 - share) + squared / 4))) / (1 + squared)
    return Estimate(share, middle - half, middle + half)


def detectable(error: Spread, power: float = 0.8, level: float = 0.95) -> float:
    """Return the true difference that a two-sided t test finds with this probability.

    error: the standard error of the difference. Solves P(t'(f, d/error) > t((1 + level)/2, f)) = power for d,
    t' the noncentral t, f the freedom. The tail on the other side, below 1e-4, is left out [Cohen 1988].
    """
    if not error.freedom > 0 or error.is_none:
        return float("nan")
    critical = scipy.special.stdtrit(error.freedom, (1 + level) / 2)
    return float(scipy.special.nctdtrinc(error.freedom, 1 - power, critical) * error.sd)
