"""Choose the robust setting among points that cover a continuous space."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.robust import SIGMA, GridPicks, log10, pick_best

# How many equally likely values stand for Z.
NODES = 100
# Added to the interpolant's diagonal, in units of its distances (the space is a unit cube): neighbours
# average out a little of each other's noise, and two points at one place don't clash.
SMOOTHING = 0.003


def in_cube(points: Floats, ends: Sequence[tuple[float, float]], log: Sequence[bool]) -> Floats:
    """Return points on the scale that is searched, each axis from 0 to 1."""
    spans = np.array(ends, dtype=float).T
    # A copy: what counts by its logarithm is overwritten.
    values = points.astype(float)
    for axis in np.flatnonzero(log):
        values[:, axis] = np.log10(values[:, axis])
        spans[:, axis] = np.log10(spans[:, axis])
    width = np.where(spans[1] > spans[0], spans[1] - spans[0], 1.0)
    return np.asarray((values - spans[0]) / width)


def smoothed_points(
    points: Floats,
    scores: Floats,
    ends: Sequence[tuple[float, float]],
    log: Sequence[bool],
    lr_axis: int,
    sigma: float = SIGMA,
) -> Floats:
    """Return R_sigma at each point: E of the interpolated score at lr 10^(sigma Z), Z ~ N(0, 1).

    points: (settings, axes) as searched, scores: (settings,), ends: of each axis, whose logarithm is taken
    where log. Interpolated by radial basis functions -r in the unit cube [Wahba 1990; RBFInterpolator of
    scipy], with no lengths to be fitted. In 500 simulated sweeps of 32 points its picks lose 1.00 +- 0.07
    points where lr is off by sigma, those of a Gaussian process (Matern 3/2) 0.94 +- 0.06. An lr beyond an
    end scores as that end.
    """
    from scipy.interpolate import RBFInterpolator  # half a second to import

    mask = ~np.isnan(scores)
    result = np.full(len(scores), np.nan)
    if not mask.any():
        return result
    sample = points[mask]
    surface = RBFInterpolator(in_cube(sample, ends, log), scores[mask], kernel="linear", smoothing=SMOOTHING)
    factors = 10 ** (sigma * ndtri((np.arange(NODES) + 0.5) / NODES))
    shifts = np.tile(sample, (NODES, 1, 1))
    shifts[..., lr_axis] = np.clip(sample[:, lr_axis] * factors[:, None], *ends[lr_axis])
    cube = in_cube(shifts.reshape(-1, sample.shape[1]), ends, log)
    result[mask] = surface(cube).reshape(NODES, -1).mean(axis=0)
    return result


def pick_points(
    points: Floats,
    scores: Floats,
    all_diverged: Flags,
    any_diverged: Flags,
    ends: Sequence[tuple[float, float]],
    log: Sequence[bool],
    lr_axis: int,
    sigma: float = SIGMA,
) -> GridPicks:
    """Pick as `robust.pick`, by R_sigma: arguments as of `smoothed_points`, all_diverged etc. (settings,).

    Sound: see `sound_points`.
    """
    robustness = smoothed_points(points, scores, ends, log, lr_axis, sigma)
    sound = sound_points(points[:, lr_axis], scores, any_diverged, ends[lr_axis], sigma)
    return pick_best(np.where(all_diverged, np.nan, scores), robustness, sound, log10(points[:, lr_axis]))


def sound_points(
    lrs: Floats, scores: Floats, diverged: Flags, ends: tuple[float, float], sigma: float = SIGMA
) -> Flags:
    """Flag the points that are measured, didn't diverge and have an lr sigma decades or more off its ends."""
    rates, (low, high) = np.log10(lrs), np.log10(ends)
    return np.asarray(~diverged & ~np.isnan(scores) & (rates >= low + sigma) & (rates <= high - sigma))
