"""Measure how much of a search space is good: its share, and the band of learning rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.statistics.arrays import Flags, Floats


@dataclass(frozen=True)
class GoodBand:
    """The outermost good values of an axis."""

    low: float
    high: float
    # where the value is the first or the last of the range, so that the band may go on beyond it
    censored_low: bool
    censored_high: bool

    @property
    def decades(self) -> float:
        """Return log10(high / low): a lower bound where the band is censored."""
        return float(np.log10(self.high / self.low))

    @property
    def is_censored(self) -> bool:
        """Return whether the band may go on beyond the searched range."""
        return self.censored_low or self.censored_high


def cell_widths(values: Sequence[float]) -> Floats:
    """Return the share of an axis that each of its ascending values stands for: from midpoint to midpoint.

    The range ends at the outermost values, whose cells reach inwards only. For an lr give its log10.
    """
    points = np.asarray(values, dtype=float)
    if len(points) == 1:
        return np.ones(1)
    borders = np.concatenate([points[:1], (points[1:] + points[:-1]) / 2, points[-1:]])
    return np.asarray(np.diff(borders) / (points[-1] - points[0]))


def weights(axes: Sequence[Sequence[object]], lr_axis: int | None) -> Floats:
    """Return w, each setting's share of the grid: cell widths in log10 lr, uniform along the other axes."""
    total = np.ones(())
    for axis, values in enumerate(axes):
        along = np.full(len(values), 1 / len(values))
        if axis == lr_axis:
            along = cell_widths(np.log10(np.asarray(values, dtype=float)).tolist())
        total = total[..., None] * along
    return total


def share_bounds(scores: Floats, weights: Floats, delta: float) -> tuple[float, float]:
    """Return share_delta, were the unmeasured settings (nan: pruned, failed) all bad, and were they all good.

    share_delta = sum of w over settings with s >= s* - delta, s* the best. A diverged setting is measured: it
    scored chance.
    """
    total, gaps = weights.sum(), np.isnan(scores)
    low = float(weights[_is_good(scores, delta)].sum() / total)
    return low, low + float(weights[gaps].sum() / total)


def good_band(scores: Floats, axis: int, values: Sequence[float], delta: float) -> GoodBand | None:
    """Return the outermost values of an axis (ascending) whose best over the others is >= s* - delta.

    Censored, so the decades are a lower bound, where one is on the edge of the range or has only unmeasured
    values beyond it. None where no value is good.
    """
    rows = np.moveaxis(scores, axis, 0).reshape(len(values), -1)
    maxima = np.max(np.where(np.isnan(rows), -np.inf, rows), axis=1)
    along = np.where(np.isinf(maxima), np.nan, maxima)
    indices = np.flatnonzero(_is_good(along, delta))
    if not len(indices):
        return None
    first, last = indices[0], indices[-1]
    lowest, highest = np.flatnonzero(~np.isnan(along))[[0, -1]]
    return GoodBand(float(values[first]), float(values[last]), bool(first <= lowest), bool(last >= highest))


def _is_good(scores: Floats, delta: float) -> Flags:
    maximum = scores.max(where=~np.isnan(scores), initial=-np.inf)
    # 97.2 - 0.1 is above 97.1 in binary: a billionth decides for such decimals.
    return np.asarray(scores >= maximum - delta - 1e-9)
