"""The score that a setting is expected to have when its learning rate is off by a random factor."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from sweeps.report.statistics.robust import Floats

# Standard deviation of the factor's logarithm to base 10: a third of a decade, a factor of two either way.
SIGMA = 0.3


def smoothed(scores: Floats, lrs: Sequence[float], axis: int, sigma: float = SIGMA) -> Floats:
    """R_sigma(lr) = E over Z ~ N(0, 1) of s(log10 lr + sigma Z): scores on a grid -> the same shape.

    s is linear in log10 lr between the measured values and flat outside them, so that the integral is exact:
    no quadrature. Unmeasured values (nan) are bridged and stay nan.
    """
    points = np.log10(np.asarray(lrs, dtype=float))
    columns = np.moveaxis(scores, axis, -1)
    result = np.full(columns.shape, np.nan)
    for place in np.ndindex(*columns.shape[:-1]):
        known = ~np.isnan(columns[place])
        if known.any():
            result[place][known] = (
                smoothing_weights(points[known], points[known], sigma) @ columns[place][known]
            )
    return np.moveaxis(result, -1, axis)


def smoothing_weights(at: Floats, points: Floats, sigma: float = SIGMA) -> Floats:
    """What each measured point (columns, ascending) counts in R_sigma at each place (rows); rows sum to 1.

    The interpolant is a sum of hats, one a point; between two points h apart a hat is (x - left) / h, and
    E[clip((X - left) / h, 0, 1)] of X ~ N(mu, sigma) is (ramp(left) - ramp(right)) / h with the Gaussian's
    ramp(c) = E[max(X - c, 0)] = (mu - c) Phi((mu - c)/sigma) + sigma phi((mu - c)/sigma).
    """
    if len(points) == 1 or sigma == 0:
        hats: Floats = np.array([np.interp(at, points, hat) for hat in np.eye(len(points))]).T
        return hats
    distance = at[:, None] - points
    density = np.exp(-0.5 * (distance / sigma) ** 2) / np.sqrt(2 * np.pi)
    ramp = distance * ndtr(distance / sigma) + sigma * density
    rises = (ramp[:, :-1] - ramp[:, 1:]) / np.diff(points)  # 0 left of a piece, 1 right of it
    ends = np.ones((len(at), 1))
    shares: Floats = np.hstack([ends, rises]) - np.hstack([rises, 0 * ends])
    return shares
