"""How often another draw of the seeds would have picked each setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np

from sweeps.report.robust import Flags, Floats, Index, neighbourhood_means, sound_settings
from sweeps.report.statistics.intervals import Spread
from sweeps.report.statistics.noise import noise

# Resamples beyond which they are drawn at random, so many of them, instead of counted in full.
DRAWS = 2000
# Below this frequency a pick isn't named alone; the set named in its place is picked this often in all.
ALONE, SET = 0.5, 0.8


@dataclass(frozen=True)
class Stability:
    """The share of resamples that pick each setting, as the peak and as the robust pick: arrays (*axes)."""

    peak: Floats
    robust: Floats


def resamples(n: int) -> list[tuple[list[int], float]]:
    """Draws of n - 1 of n seeds with replacement, each with its probability; none for a single seed.

    n - 1, so that a drawn mean varies by s^2 / n as the mean itself does; n draws vary too little, a third at
    n = 3 [Rao and Wu 1988]. All of them where they are few, else 2000 at random.
    """
    return list(_resamples(n))


@lru_cache(maxsize=32)
def _resamples(n: int) -> list[tuple[list[int], float]]:
    drawn = n - 1
    if drawn < 1:
        return []
    if comb(n + drawn - 1, drawn) > DRAWS:
        random = np.random.default_rng(0)
        return [(seeds.tolist(), 1 / DRAWS) for seeds in random.integers(n, size=(DRAWS, drawn))]
    found = []
    for seeds in combinations_with_replacement(range(n), drawn):
        orders = factorial(drawn) // prod(factorial(seeds.count(seed)) for seed in set(seeds))
        found.append((list(seeds), orders / n**drawn))
    return found


def stability(scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None) -> Stability:
    """How often each setting is picked when the seeds are drawn again: scores, diverged (*axes, replicates).

    A draw rules out whom its own diverged runs rule out. nan for one replicate.
    """
    shape = scores.shape[:-1]
    draws = resamples(scores.shape[-1])
    if not draws:
        return Stability(np.full(shape, np.nan), np.full(shape, np.nan))
    means = np.stack([scores[..., seeds].mean(axis=-1) for seeds, _ in draws], axis=-1)
    hurt = np.stack([diverged[..., seeds].any(axis=-1) for seeds, _ in draws], axis=-1)
    sound = sound_settings(means, hurt, ordered, lr_axis)
    compromised = ~sound.any(axis=tuple(range(len(shape))))
    near = np.where(sound | compromised, neighbourhood_means(means, ordered), np.nan)
    chance = np.array([chance for _, chance in draws])
    return Stability(_frequencies(means, chance), _frequencies(near, chance))


def selection_spread(frequencies: Floats, scores: Floats, diverged: Flags, pick: Index) -> Spread:
    """How much the true score of the pick varies with the seeds it was picked by; a single seed can't say.

    Root of sum f max(0, (s - s_pick)^2 - (own^2 + own_pick^2) / n), f: how often each setting is picked, s
    its mean, own^2/n the noise in it that other settings don't share. Fresh seeds of one pick don't see this
    part [Bouthillier et al., arXiv 2103.03098]. scores, diverged: (*axes, n).
    """
    n, means = scores.shape[-1], scores.mean(axis=-1)
    if n < 2:
        return Spread(float("nan"), float("nan"))
    own = noise(scores, diverged).own
    picked = (frequencies > 0) & (means != means[pick])
    gaps = np.where(picked, (means - means[pick]) ** 2 - (own**2 + own[pick] ** 2) / n, 0.0)
    return Spread(float(np.sqrt(np.sum(frequencies * np.maximum(gaps, 0)))), n - 1.0)


def likely(frequencies: Floats, share: float = SET) -> list[Index]:
    """The fewest settings that are picked in this share of the resamples together, most frequent first."""
    order = np.argsort(-frequencies, axis=None, kind="stable")
    count = int(np.searchsorted(np.cumsum(frequencies.flat[order]), share - 1e-9)) + 1
    return [tuple(int(i) for i in np.unravel_index(place, frequencies.shape)) for place in order[:count]]


def _frequencies(values: Floats, chance: Floats) -> Floats:
    """The probability that each setting has the highest value: values (*axes, draws) -> (*axes)."""
    flat = values.reshape(-1, values.shape[-1])
    flat = np.where(np.isnan(flat), -np.inf, flat)
    found = np.array([chance[flat.argmax(axis=0) == setting].sum() for setting in range(len(flat))])
    return found.reshape(values.shape[:-1])
