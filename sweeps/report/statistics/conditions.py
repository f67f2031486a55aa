"""Compare settings under several conditions: regret to each one's best, and the setting that suits all."""

from collections.abc import Sequence

import numpy as np

from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.robust import GridPicks, pick_by, smoothed_scores


def regrets(scores: Floats) -> Floats:
    """Return each condition's best score minus the setting's: scores (*axes, conditions)."""
    best: Floats = np.nanmax(scores, axis=tuple(range(scores.ndim - 1)), keepdims=True)
    return best - scores


def largest_regrets(scores: Floats) -> Floats:
    """Return each setting's largest regret over the conditions; nan where one is unmeasured."""
    return np.asarray(regrets(scores).max(axis=-1))


def pick_across(
    scores: Floats,
    all_diverged: Flags,
    any_diverged: Flags,
    ordered: Sequence[bool],
    lr_axis: int | None,
    lrs: Sequence[float],
) -> GridPicks:
    """Return the settings for all conditions: scores (*axes, conditions), over the seeds; the rest as `pick`.

    The peak has the highest mean over the conditions. The robust one has the least largest regret of R_sigma
    under each condition, among the settings that are sound under every condition.
    """
    worst = largest_regrets(smoothed_scores(scores, lrs, lr_axis))
    return pick_by(-worst, scores.mean(axis=-1), all_diverged, any_diverged, ordered, lr_axis, lrs)
