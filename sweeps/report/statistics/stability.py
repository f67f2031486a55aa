"""How often another draw of the seeds would have picked each setting."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np

from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.intervals import Spread

# Resamples beyond which they are drawn at random, so many of them, instead of counted in full.
DRAWS = 500
# Below this frequency a pick isn't named alone; the set named in its place is picked this often in all.
ALONE, SET = 0.5, 0.8


@dataclass(frozen=True)
class Stability:
    """The share of resamples that pick each setting, as the peak and as the robust pick: arrays (*axes)."""

    peak: Floats
    robust: Floats


@lru_cache(maxsize=32)
def resamples(n: int) -> tuple[tuple[list[int], float], ...]:
    """Draws of n - 1 of n seeds with replacement, each with its probability; none for a single seed.

    n - 1, so that a drawn mean varies by s^2 / n as the mean itself does; n draws vary too little, a third at
    n = 3 [Rao and Wu 1988]. All of them where they are few, else 500 at random.
    """
    drawn = n - 1
    if drawn < 1:
        return ()
    if comb(n + drawn - 1, drawn) > DRAWS:
        random = np.random.default_rng(0)
        return tuple((seeds.tolist(), 1 / DRAWS) for seeds in random.integers(n, size=(DRAWS, drawn)))
    found = []
    for seeds in combinations_with_replacement(range(n), drawn):
        orders = factorial(drawn) // prod(factorial(seeds.count(seed)) for seed in set(seeds))
        found.append((list(seeds), orders / n**drawn))
    return tuple(found)


def draws(n: int) -> int:
    """How many equally likely draws of n seeds `resamples` holds."""
    counted = comb(2 * n - 2, n - 1) <= DRAWS
    return n ** (n - 1) if counted else DRAWS


def stability_of(
    choose: Callable[[Floats, Flags], tuple[Index, Index]],
    scores: Floats,
    diverged: Flags,
    shape: tuple[int, ...],
) -> Stability:
    """How often settings (*shape) are picked when the seeds are drawn again: scores, diverged (..., seeds).

    choose: the places of the peak and the robust pick, from the means over a draw and whether any run of it
    diverged; a draw rules out whom its own diverged runs rule out. nan for one replicate.
    """
    drawn = resamples(scores.shape[-1])
    peak, robust = (np.zeros(shape) if drawn else np.full(shape, np.nan) for _ in range(2))
    for seeds, chance in drawn:
        hurt = np.asarray(diverged[..., seeds].any(axis=-1))
        first, second = choose(scores[..., seeds].mean(axis=-1), hurt)
        peak[first] += chance
        robust[second] += chance
    return Stability(peak, robust)


def selection_spread(frequencies: Floats, scores: Floats, pick: Index) -> Spread:
    """How much the true score of a pick varies with the seeds it was picked by; a single seed can't say.

    Root of sum f (s - s_pick)^2, f: how often each setting is picked, s its mean: scores (*axes, replicates).
    Fresh seeds of one pick don't see this part [Bouthillier et al., arXiv 2103.03098]. The noise of s makes
    it too large; with that noise taken off, equal optimizers were told apart by one of their picks in 6 to
    10 % of simulated sweeps, as it stands in 1 to 4.
    """
    n, means = scores.shape[-1], scores.mean(axis=-1)
    if n < 2:
        return Spread(float("nan"), float("nan"))
    gaps = np.where(frequencies > 0, means - means[pick], 0.0)
    return Spread(float(np.sqrt(np.sum(frequencies * gaps**2))), n - 1.0)


def likely(frequencies: Floats, share: float = SET) -> list[Index]:
    """The fewest settings that are picked in this share of the resamples together, most frequent first."""
    order = np.argsort(-frequencies, axis=None, kind="stable")
    count = int(np.searchsorted(np.cumsum(frequencies.flat[order]), share - 1e-9)) + 1
    return [tuple(int(i) for i in np.unravel_index(place, frequencies.shape)) for place in order[:count]]
