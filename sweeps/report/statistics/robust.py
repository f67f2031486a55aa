"""Choose the peak and the robust setting of a grid of settings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sweeps.report.statistics.arrays import Flags, Floats, Index


@dataclass(frozen=True)
class GridPicks:
    """Two settings by their indices in the arrays."""

    # the highest score
    peak: Index
    # the highest neighbourhood mean among the sound settings
    robust: Index
    # no setting is sound, so all competed to be the robust one
    compromised: bool


def neighbourhood_means(scores: Floats, ordered: Sequence[bool]) -> Floats:
    """Return R: each setting's score averaged with its neighbours one step away along each ordered axis.

    Missing settings (nan) count neither way. R(theta) = mean of s over N[theta].
    """
    mask = ~np.isnan(scores)
    total, count = np.where(mask, scores, 0.0), mask.astype(float)
    sums = total + sum(_neighbours(total, ordered))
    counts = count + sum(_neighbours(count, ordered))
    return np.where(mask, sums / np.where(mask, counts, 1.0), np.nan)


def pick(scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None) -> GridPicks:
    """Return the setting of the highest score, and the robust one: the highest R among the sound settings.

    scores: mean over replicates on a grid, higher is better, nan where unmeasured; diverged: whether any
    replicate diverged. Where no setting is sound, all compete.
    """
    means = neighbourhood_means(scores, ordered)
    sound = sound_settings(scores, diverged, ordered, lr_axis)
    return pick_sound(scores, means, sound)


def pick_sound(scores: Floats, robustness: Floats, sound: Flags) -> GridPicks:
    """Return the setting of the highest score, and the most robust sound one; of all where none is sound."""
    compromised = not sound.any()
    robust = best_index(robustness if compromised else np.where(sound, robustness, np.nan))
    return GridPicks(best_index(scores), robust, compromised)


def sound_settings(scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None) -> Flags:
    """Flag the settings with an inner lr and a neighbourhood without diverged or unmeasured runs."""
    unfit = diverged | np.isnan(scores)
    sound: Flags = ~(unfit | np.any(_neighbours(unfit, ordered), axis=0))
    return sound if lr_axis is None else sound & ~on_edge(scores.shape, lr_axis)


def on_edge(shape: Sequence[int], axis: int) -> Flags:
    """Flag the settings at the first or the last value of an axis; none where it has a single value."""
    edge = np.zeros(shape, dtype=bool)
    if shape[axis] > 1:
        along = np.moveaxis(edge, axis, 0)
        along[0] = along[-1] = True
    return edge


def best_index(values: Floats) -> Index:
    """Return where the highest value is, the first of equals; nan never is."""
    return tuple(int(i) for i in np.unravel_index(np.nanargmax(values), values.shape))


def _neighbours(values: NDArray[np.generic], ordered: Sequence[bool]) -> list[NDArray[np.generic]]:
    """Return the array shifted by one step either way along each ordered axis, zeros (False) moving in."""
    shifted = [np.zeros_like(values)]
    for axis, is_ordered in enumerate(ordered):
        for step in (1, -1) if is_ordered else ():
            copy = np.roll(values, step, axis)
            np.moveaxis(copy, axis, 0)[0 if step == 1 else -1] = 0
            shifted.append(copy)
    return shifted
