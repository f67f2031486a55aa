"""Compare settings under several conditions: regret to each one's best, and the setting that suits all."""

from collections.abc import Sequence

import numpy as np

from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.robust import GridPicks, neighbourhood_means, pick_sound, sound_settings


def regrets(scores: Floats) -> Floats:
    """Return each condition's best score minus the setting's: scores (*axes, conditions)."""
    best: Floats = np.nanmax(scores, axis=tuple(range(scores.ndim - 1)), keepdims=True)
    return best - scores


def largest_regrets(scores: Floats) -> Floats:
    """Return each setting's largest regret over the conditions; nan where one is unmeasured."""
    return np.asarray(regrets(scores).max(axis=-1))


def pick_across(scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None) -> GridPicks:
    """Return the settings for all conditions: scores, diverged (*axes, conditions), over the seeds.

    The peak has the highest mean over the conditions. The robust one has the least largest regret of R, the
    neighbourhood mean under each condition, among the settings that are sound under every condition.
    """
    worst = largest_regrets(neighbourhood_means(scores, ordered))
    means = scores.mean(axis=-1)
    sound = sound_settings(means, np.asarray(diverged.any(axis=-1)), ordered, lr_axis)
    return pick_sound(means, -worst, sound)
