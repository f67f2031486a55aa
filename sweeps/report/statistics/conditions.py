"""Settings under several conditions: regret to each condition's best, and the setting that suits all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.statistics.robust import (
    Flags,
    Floats,
    Index,
    best_place,
    neighbourhood_means,
    sound_settings,
)


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


def held_out_phi(scores: Floats) -> float:
    """Phi of settings chosen on the other seeds and valued on one, mean over the seeds; nan for one seed.

    Scores (*axes, conditions, seeds). Chosen and valued on the same seeds, each condition's best looks too
    good and Phi too large; here noise only makes the choices worse, the one for all too. May be below 0.
    """
    n = scores.shape[-1]
    rows = scores.reshape(-1, *scores.shape[-2:])
    rows = rows[~np.isnan(rows).any(axis=(1, 2))]
    if n < 2 or not len(rows):
        return float("nan")
    found = []
    for seed in range(n):
        others, fresh = np.delete(rows, seed, axis=-1).mean(axis=-1), rows[..., seed]
        each = fresh[others.argmax(axis=0), np.arange(rows.shape[1])]
        found.append(each.mean() - fresh[others.mean(axis=-1).argmax()].mean())
    return float(np.mean(found))


def pick_across(
    scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None
) -> AcrossConditions:
    """The setting for all conditions: scores (*axes, conditions), means over seeds; diverged: any of them.

    The robust one has the least largest regret of R, the neighbourhood mean under each condition, among the
    settings that are sound (see `robust.pick`) under every condition.
    """
    worst = largest_regrets(neighbourhood_means(scores, ordered))
    means = scores.mean(axis=-1)
    sound = sound_settings(means, np.asarray(diverged.any(axis=-1)), ordered, lr_axis)
    robust = best_place(-(np.where(sound, worst, np.nan) if sound.any() else worst))
    return AcrossConditions(
        best=best_place(means),
        robust=robust,
        largest_regret=float(largest_regrets(scores)[robust]),
        compromised=not sound.any(),
        phi=phi(scores),
    )
