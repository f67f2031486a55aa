"""The peak and the robust pick on a grid of settings. Pure functions of arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Index = tuple[int, ...]


@dataclass(frozen=True)
class Picks:
    """Two settings of a grid by their indices, and what each choice costs or gains, in units of the score.

    price: the peak's score minus the robust pick's; gain: the robust pick's neighbourhood mean minus the
    peak's. compromised: no setting is sound, so all competed.
    """

    peak: Index
    robust: Index
    price: float
    gain: float
    compromised: bool


def neighbourhood_means(scores: Floats, ordered: Sequence[bool]) -> Floats:
    """R: each setting's score averaged with its neighbours one step away along each ordered axis.

    Missing settings (nan) count neither way. R(theta) = mean of s over N[theta].
    """
    known = ~np.isnan(scores)
    total, count = np.where(known, scores, 0.0), known.astype(float)
    sums = total + sum(_neighbours(total, ordered))
    counts = count + sum(_neighbours(count, ordered))
    return np.where(known, sums / np.where(known, counts, 1.0), np.nan)


def pick(scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None) -> Picks:
    """The setting of the highest score, and the robust one: the highest R among the sound settings.

    scores: mean over replicates on a grid, higher is better, nan where unmeasured; diverged: whether any
    replicate diverged. Where no setting is sound, all compete.
    """
    means = neighbourhood_means(scores, ordered)
    sound = sound_settings(scores, diverged, ordered, lr_axis)
    compromised = not sound.any()
    peak = best_place(scores)
    robust = best_place(means if compromised else np.where(sound, means, np.nan))
    price, gain = float(scores[peak] - scores[robust]), float(means[robust] - means[peak])
    return Picks(peak, robust, price, gain, compromised)


def sound_settings(scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None) -> Flags:
    """No diverged run and no unmeasured setting in the neighbourhood, lr not on the edge of its range."""
    unfit = diverged | np.isnan(scores)
    sound: Flags = ~(unfit | np.any(_neighbours(unfit, ordered), axis=0))
    return sound if lr_axis is None else sound & ~on_edge(scores.shape, lr_axis)


def on_edge(shape: Sequence[int], axis: int) -> Flags:
    """Which settings have the first or the last value of an axis; none where it has a single value."""
    edge = np.zeros(shape, dtype=bool)
    if shape[axis] > 1:
        along = np.moveaxis(edge, axis, 0)
        along[0] = along[-1] = True
    return edge


def best_place(values: Floats) -> Index:
    """Where the highest value is, the first of equals; nan never is."""
    return tuple(int(place) for place in np.unravel_index(np.nanargmax(values), values.shape))


def _neighbours(values: NDArray[np.generic], ordered: Sequence[bool]) -> list[NDArray[np.generic]]:
    """The array shifted by one step either way along each ordered axis, zeros (False) moving in."""
    shifted = [np.zeros_like(values)]
    for axis, is_ordered in enumerate(ordered):
        for step in (1, -1) if is_ordered else ():
            moved = np.roll(values, step, axis)
            np.moveaxis(moved, axis, 0)[0 if step == 1 else -1] = 0
            shifted.append(moved)
    return shifted
