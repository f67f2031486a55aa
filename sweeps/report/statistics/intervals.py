"""Intervals of a mean, of a share, and what so many seeds can detect.

scipy.special stands in for scipy.stats, which takes seconds to import.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, nctdtrinc, stdtr, stdtrit

from sweeps.report.robust import Flags, Floats

# Replicates from which a setting's own standard deviation is good enough for its interval.
ENOUGH = 5


class Estimate(NamedTuple):
    """A figure with the limits of its interval; nan limits where there is none."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the distance between the limits."""
        return (self.high - self.low) / 2


class Spread(NamedTuple):
    """A standard deviation and its degrees of freedom."""

    sd: float
    freedom: float


def half_width(n: int, sd: float = 1.0, freedom: float | None = None, level: float = 0.95) -> float:
    """Half of the t interval of a mean of n: t((1 + level)/2, freedom) sd / sqrt(n); nan where n = 1.

    freedom: of the standard deviation, n - 1 unless it was pooled over several settings [Student 1908].
    """
    freedom = n - 1 if freedom is None else freedom
    return float(stdtrit(freedom, (1 + level) / 2) * sd / np.sqrt(n)) if freedom > 0 else float("nan")


def mean_interval(values: Floats, level: float = 0.95) -> Estimate:
    """The mean and its t interval: mean -+ t((1 + level)/2, n - 1) sd / sqrt(n); nan values are left out."""
    values = _measured(values)
    if not len(values):
        return Estimate(*[float("nan")] * 3)
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    mean, half = float(values.mean()), half_width(len(values), sd, level=level)
    return Estimate(mean, mean - half, mean + half)


def pooled_spread(scores: Floats, diverged: Flags) -> Spread:
    """The standard deviation over replicates, pooled over the stable settings: scores (*axes, replicates).

    Stable: every replicate measured, none diverged. All settings train with the same seeds, so their errors
    share a part: the variance is (MS_seed + (a - 1) MS_error) / a of a settings, and its degrees of freedom
    Satterthwaite's, n - 1 where the seeds' effect is all and a (n - 1) where it is none [Satterthwaite 1946].
    """
    n = scores.shape[-1]
    rows = scores.reshape(-1, n)
    rows = rows[~(np.isnan(rows) | diverged.reshape(-1, n)).any(axis=1)]
    settings = len(rows)
    if n < 2 or not settings:
        return Spread(float("nan"), float("nan"))
    centred = rows - rows.mean(axis=1, keepdims=True)
    seed = settings * float(np.sum(centred.mean(axis=0) ** 2))  # n - 1 degrees of freedom
    error = float(np.sum(centred**2)) - seed  # (settings - 1)(n - 1)
    variance = (seed + error) / (settings * (n - 1))
    if variance == 0:
        return Spread(0.0, float(settings * (n - 1)))
    squares = seed**2 + (error**2 / (settings - 1) if settings > 1 else 0.0)
    freedom = (seed + error) ** 2 / squares * (n - 1)
    return Spread(float(np.sqrt(variance)), min(freedom, float(settings * (n - 1))))


def setting_intervals(scores: Floats, diverged: Flags, level: float = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper limits of every setting's mean: scores (*axes, replicates) -> two arrays (*axes).

    Below five replicates with the pooled standard deviation, unless the setting is unstable; else its own.
    """
    pooled = pooled_spread(scores, diverged)
    low, high = np.full(scores.shape[:-1], np.nan), np.full(scores.shape[:-1], np.nan)
    for place in np.ndindex(*scores.shape[:-1]):
        values = _measured(scores[place])
        mean, low[place], high[place] = mean_interval(values, level)
        if 0 < len(values) < ENOUGH and not diverged[place].any():
            half = half_width(len(values), pooled.sd, pooled.freedom, level)
            low[place], high[place] = mean - half, mean + half
    return low, high


def clopper_pearson(count: int, total: int, level: float = 0.95) -> Estimate:
    """A share with its exact interval: beta quantiles of (k, n - k + 1) and (k + 1, n - k) [1934]."""
    if total == 0:
        return Estimate(float("nan"), 0.0, 1.0)
    tail = (1 - level) / 2
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return Estimate(count / total, low, high)


def detectable(n: int, sd: float, power: float = 0.8, level: float = 0.95) -> float:
    """The true mean difference that a two-sided t test of n pairs finds with this probability.

    Solves P(t'(n - 1, d sqrt(n)/sd) > t((1 + level)/2, n - 1)) = power for d, t' the noncentral t; sd is that
    of the differences. The tail on the other side, below 1e-4, is left out [Cohen 1988].
    """
    if n < 2 or np.isnan(sd):
        return float("nan")
    critical = stdtrit(n - 1, (1 + level) / 2)
    return float(nctdtrinc(n - 1, 1 - power, critical) * sd / np.sqrt(n))


def t_test(differences: Floats) -> float:
    """Two-sided p of the one-sample t test that the mean is 0; nan for fewer than two values."""
    values = _measured(differences)
    if len(values) < 2:
        return float("nan")
    sd, mean = float(np.std(values, ddof=1)), float(values.mean())
    if sd == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stdtr(len(values) - 1, -abs(mean) / sd * np.sqrt(len(values))))


def _measured(values: Floats) -> Floats:
    values = np.asarray(values, dtype=float)
    return values[~np.isnan(values)]
