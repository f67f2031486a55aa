"""Choose the peak and the robust setting: the one whose score holds where the learning rate is off."""

from collections.abc import Sequence

import numpy as np
import scipy  # its special functions load when one is called, which takes a while

from sweeps.report.statistics.arrays import Flags, Floats, Index

# Standard deviation of log10 of the factor that a learning rate is off by: a factor of two either way.
SIGMA = 0.3
# Values this close, as a share of the best, are equal: a mean's last digits depend on the order of its sum.
TIE = 1e-12


def best_index(*keys: Floats) -> Index | None:
    """Return where the first key is highest; of equals, where the next is, and so on; None if all are nan."""
    candidates = ~np.isnan(keys[0])
    if not candidates.any():
        return None
    for key in keys:
        values = np.where(np.isnan(key), -np.inf, key)
        maximum = float(values[candidates].max())
        candidates &= values >= maximum - TIE * abs(maximum)
    return tuple(int(i) for i in np.argwhere(candidates)[0])


def smoothed_scores(scores: Floats, lrs: Sequence[float], lr_axis: int | None) -> Floats:
    """Return R_sigma(lr) = E over Z ~ N(0, 1) of s(lr 10^(sigma Z)): scores on a grid -> the same shape.

    s is linear in log10 lr between the measured values and flat outside them. Unmeasured values (nan) are
    bridged and stay nan. Without learning rates, the scores.
    """
    if lr_axis is None:
        return scores
    points, columns = log10(lrs), np.moveaxis(scores, lr_axis, -1)
    rows = columns.reshape(-1, len(points))
    result = np.full(rows.shape, np.nan)
    for row, target in zip(rows, result, strict=True):
        mask = ~np.isnan(row)
        if mask.any():
            target[mask] = smoothing_weights(points[mask]) @ row[mask]
    return np.asarray(np.moveaxis(result.reshape(columns.shape), -1, lr_axis))


def smoothing_weights(points: Floats) -> Floats:
    """Return how much each measured log10 lr (columns, ascending) counts in R_sigma at each of them (rows).

    The interpolant is a sum of hats, one a point; between two points h apart a hat is (x - left) / h, and
    E[clip((X - left) / h, 0, 1)] of X ~ N(mu, sigma) is (ramp(left) - ramp(right)) / h with the Gaussian's
    ramp(c) = E[max(X - c, 0)] = (mu - c) Phi((mu - c)/sigma) + sigma phi((mu - c)/sigma).
    """
    distances = points[:, None] - points
    density = np.exp(-0.5 * (distances / SIGMA) ** 2) / np.sqrt(2 * np.pi)
    ramp = distances * scipy.special.ndtr(distances / SIGMA) + SIGMA * density
    # 0 left of a piece, 1 right of it
    rises = (ramp[:, :-1] - ramp[:, 1:]) / np.diff(points)
    ones = np.ones((len(points), 1))
    return np.asarray(np.hstack([ones, rises]) - np.hstack([rises, 0 * ones]))


def flag_unsound(scores: Floats, any_diverged: Flags, ordered: Sequence[bool]) -> Flags:
    """Flag settings with a diverged or unmeasured run, or with one a step away along an ordered axis."""
    unfit = any_diverged | np.isnan(scores)
    unsound = unfit.copy()
    for axis in np.flatnonzero(ordered):
        source, target = np.moveaxis(unfit, axis, 0), np.moveaxis(unsound, axis, 0)
        target[1:] |= source[:-1]
        target[:-1] |= source[1:]
    return unsound


def log10(lrs: Sequence[float] | Floats) -> Floats:
    """Return the logarithms of learning rates; that of 0 is far below all others."""
    return np.asarray(np.log10(np.maximum(lrs, np.finfo(float).tiny)))
