"""How much of the scores' variance over a grid each parameter explains, without what seed noise adds."""

from itertools import combinations
from math import prod

import numpy as np

from sweeps.report.robust import Floats
from sweeps.report.statistics.intervals import Estimate
from sweeps.report.statistics.stability import resamples

Effect = tuple[int, ...]


def effects(axes: int) -> list[Effect]:
    """The axes of each effect: first each alone, then their interactions by order."""
    return [effect for order in range(1, axes + 1) for effect in combinations(range(axes), order)]


def variance_shares(scores: Floats) -> Floats:
    """Each effect's share of the variance of the settings' means: scores (*axes, replicates) -> (effects,).

    V_u = mean of r_u^2 - sigma^2 prod_u(a_j - 1) / (prod_all(a_j) n), where r_u is the effect of the analysis
    of variance, a_j an axis' length and sigma^2 the mean variance over replicates; floored at 0, then
    normalised [Fisher 1925; Searle, Casella and McCulloch 1992]. nan unless the grid is measured in full.
    """
    *shape, n = scores.shape
    means = scores.mean(axis=-1)
    noise = scores.var(axis=-1, ddof=1).mean() if n > 1 else 0.0
    found = np.array(
        [
            (_effect(means, effect) ** 2).mean()
            - noise * prod(shape[axis] - 1 for axis in effect) / (prod(shape) * n)
            for effect in effects(len(shape))
        ]
    )
    floored = np.maximum(found, 0)
    total = floored.sum()
    return floored / total if total > 0 else np.full(len(found), np.nan)


def variance_share_intervals(scores: Floats, level: float = 0.95) -> dict[Effect, Estimate]:
    """Each effect's share with the percentile interval of the resampled seeds; no interval for one seed."""
    shares = variance_shares(scores)
    drawn = np.array([variance_shares(scores[..., seeds]) for seeds, _ in resamples(scores.shape[-1])])
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.nanquantile(drawn, tails, axis=0) if len(drawn) else np.full((2, len(shares)), np.nan)
    return {
        effect: Estimate(float(share), float(a), float(b))
        for effect, share, a, b in zip(effects(scores.ndim - 1), shares, low, high, strict=True)
    }


def _effect(means: Floats, effect: Effect) -> Floats:
    """The part of the means that belongs to these axes together and to no fewer of them."""
    others = tuple(axis for axis in range(means.ndim) if axis not in effect)
    part: Floats = means.mean(axis=others, keepdims=True)
    for axis in effect:
        part = part - part.mean(axis=axis, keepdims=True)
    return part
