"""Settings under several conditions: regret to each condition's best, and the setting that suits all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.robust import Flags, Floats, Index, best_place, neighbourhood_means, sound_settings


@dataclass(frozen=True)
class AcrossConditions:
    """best: the highest mean over conditions; robust: the least largest regret of R among the sound settings.

    compromised: no setting is sound under every condition, so all competed. phi: see `phi`.
    """

    best: Index
    robust: Index
    largest_regret: float
    compromised: bool
    phi: float


def regrets(scores: Floats) -> Floats:
    """Each condition's best score minus the setting's: scores (*axes, conditions), means over seeds."""
    best: Floats = np.nanmax(scores, axis=tuple(range(scores.ndim - 1)), keepdims=True)
    return best - scores


def largest_regrets(scores: Floats) -> Floats:
    """Each setting's largest regret over the conditions; nan where one is unmeasured."""
    largest: Floats = regrets(scores).max(axis=-1)
    return largest


def phi(scores: Floats) -> float:
    """Phi = mean_c max_theta s - max_theta mean_c s: what one setting for all conditions costs on average.

    Scores (*axes, conditions) [Adkins et al., arXiv 2412.07165]. A setting unmeasured under a condition can't
    be the one for all. Noise raises it: each condition's best is the best of many noisy means.
    """
    each = np.nanmax(scores, axis=tuple(range(scores.ndim - 1)))
    together = scores.mean(axis=-1)
    return float(each.mean() - np.nanmax(together)) if not np.isnan(together).all() else float("nan")


def pick_across(
    scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None
) -> AcrossConditions:
    """The setting for all conditions: scores (*axes, conditions), means over seeds; diverged: any of them.

    The robust one has the least largest regret of R, the neighbourhood mean under each condition, among the
    settings that are sound (see `robust.pick`) under every condition.
    """
    partial = np.isnan(scores).any(axis=-1, keepdims=True)
    complete = np.where(partial, np.nan, scores)
    worst = largest_regrets(neighbourhood_means(complete, ordered))
    sound = sound_settings(complete.mean(axis=-1), np.asarray(diverged.any(axis=-1)), ordered, lr_axis)
    robust = best_place(-(np.where(sound, worst, np.nan) if sound.any() else worst))
    return AcrossConditions(
        best=best_place(complete.mean(axis=-1)),
        robust=robust,
        largest_regret=float(largest_regrets(complete)[robust]),
        compromised=not sound.any(),
        phi=phi(complete),
    )
