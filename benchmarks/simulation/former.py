"""Pick the robust setting by the rule of earlier versions, to compare with today's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.report.statistics.arrays import Flags, Floats, Index


def pick_by_neighbours(scores: Floats, diverged: Flags) -> Index:
    """Return the setting whose score, averaged with its neighbours along every axis, is the highest.

    scores, diverged (*axes), the learning rates first. Settings beside a diverged or unmeasured one, or at
    an end of the learning rates, compete only where there is no other.
    """
    unfit = diverged | np.isnan(scores)
    sound = ~np.any(_neighbourhood(unfit), axis=0)
    sound[[0, -1]] = False
    members = np.stack(_neighbourhood(~np.isnan(scores)))
    sums = np.sum(_neighbourhood(np.nan_to_num(scores)), axis=0)
    means = np.where(members[0], sums / np.maximum(members.sum(axis=0), 1), -np.inf)
    candidates = np.where(sound, means, -np.inf) if sound.any() else means
    return tuple(int(i) for i in np.unravel_index(np.argmax(candidates), scores.shape))


def _neighbourhood(values: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the array, and copies of it shifted by a step either way along each axis, zeros moving in."""
    padded = np.pad(values, 1)
    inner = [slice(1, -1)] * values.ndim
    shifted = [values]
    for axis in range(values.ndim):
        for window in (slice(0, -2), slice(2, None)):
            shifted.append(padded[(*inner[:axis], window, *inner[axis + 1 :])])
    return shifted
