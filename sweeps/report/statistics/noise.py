"""Estimate the noise of a sweep and draw it anew: what other seeds would have made of the means."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweeps.report.statistics.arrays import Flags, Floats

# Settings that lend each other their standard deviation: those of the nearest means, itself included. Noise
# grows away from the optimum, so the settings far below it say little of the noise at the top.
LENDERS = 7
# How often noise is drawn anew.
DRAWS = 512


class Noise(NamedTuple):
    """The standard deviations of a sweep's scores over its seeds."""

    # each setting's over runs that converge, less what all settings share
    own_sd: Floats
    # of the part that all settings share
    shared_sd: float
    # the degrees of freedom of an own one
    freedom: float


def stable(scores: Floats, diverged: Flags) -> Flags:
    """Flag the settings that are measured in full without a diverged run: (*axes, replicates) -> (*axes)."""
    return np.asarray(~(np.isnan(scores) | diverged).any(axis=-1))


def means_of(scores: Floats) -> Floats:
    """Return each setting's mean over the replicates that are measured; nan where none is."""
    counts = np.sum(~np.isnan(scores), axis=-1)
    return np.asarray(np.nansum(scores, axis=-1) / np.where(counts, counts, np.nan))


def nearest(means: Floats, mean: float) -> NDArray[np.intp]:
    """Return the indices of the settings whose means are nearest to this one."""
    return np.argsort(np.abs(means - mean), kind="stable")[:LENDERS]


def noise(scores: Floats, diverged: Flags) -> Noise:
    """Return the noise of a sweep: scores (*axes, replicates) -> own (*axes).

    score = setting + replicate + error. Of the stable settings, own^2 is the mean error variance of the
    nearest and shared^2 the replicates' variance less the errors' part of it. What converges of an unstable
    setting is as noisy as the stable ones nearest to it; unknown where fewer than two are stable.
    """
    n = scores.shape[-1]
    rows, sound = scores.reshape(-1, n), stable(scores, diverged).ravel()
    converged_rows = np.where(diverged.reshape(-1, n), np.nan, rows)
    own_sd = np.full(len(rows), np.nan)
    count = int(sound.sum())
    if n < 2 or count < 2:
        return Noise(own_sd.reshape(scores.shape[:-1]), 0.0, float(n - 1))
    means = rows[sound].mean(axis=1)
    deviations = rows[sound] - means[:, None]
    seeds = deviations.mean(axis=0)
    errors = np.sum((deviations - seeds) ** 2, axis=1) / (n - 1) * count / (count - 1)
    for index, mean in enumerate(means_of(converged_rows)):
        if not np.isnan(mean):
            own_sd[index] = np.sqrt(errors[nearest(means, mean)].mean())
    shared_sd = np.sqrt(max(0.0, float(seeds.var(ddof=1)) - float(errors.mean()) / count))
    return Noise(own_sd.reshape(scores.shape[:-1]), float(shared_sd), float(min(count, LENDERS) * (n - 1)))


def error_variance(rows: Floats) -> float:
    """Return what neither setting nor replicate explains, from scores (settings, replicates).

    sum (y_ij - y_i. - y_.j + y_..)^2 / ((a - 1)(n - 1)) of a settings, n replicates; 0 where either is 1.
    """
    residuals = rows - rows.mean(axis=1, keepdims=True) - rows.mean(axis=0) + rows.mean()
    return float(np.sum(residuals**2) / max((len(rows) - 1) * (rows.shape[1] - 1), 1))


def draw_means(scores: Floats, diverged: Flags) -> Floats:
    """Return means of the settings with noise drawn again: scores (*axes, replicates) -> (*axes, DRAWS).

    mean + m/n (own/sqrt(m) sqrt(f/chi^2_f) Z + shared/sqrt(n) t_(n-1)), m of n runs converged: Gaussian but
    for the uncertain variances. A parametric bootstrap: resampled seeds are too few (10 samples of 3). How
    often a setting diverges stays as measured.
    """
    n = scores.shape[-1]
    if n < 2:
        return np.full((*scores.shape[:-1], DRAWS), np.nan)
    random = np.random.default_rng(0)
    own_sd, shared_sd, freedom = noise(scores, diverged)
    counts = np.sum(~np.isnan(scores), axis=-1)
    converged_counts = np.sum(~np.isnan(scores) & ~diverged, axis=-1)[..., None]
    factors = np.sqrt(freedom / random.chisquare(freedom, DRAWS))
    own_sd = np.where(converged_counts > 0, own_sd[..., None], 0.0)
    errors = factors * own_sd * np.sqrt(converged_counts) * random.normal(size=(*counts.shape, DRAWS))
    shared_errors = converged_counts * shared_sd / np.sqrt(n) * random.standard_t(n - 1, DRAWS)
    return np.asarray(
        means_of(scores)[..., None] + (errors + shared_errors) / np.maximum(counts, 1)[..., None]
    )
