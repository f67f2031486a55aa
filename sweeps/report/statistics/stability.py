"""Count how often another draw of the seeds would have picked each setting."""

from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np

from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.intervals import Spread

# Resamples beyond which they are drawn at random, so many of them, instead of counted in full.
MOST_DRAWS = 500
# Below this frequency a picked value isn't settled.
SETTLED = 0.5


def resamples(n: int) -> list[tuple[list[int], int]]:
    """Return draws of n - 1 of n seeds with replacement, each with how often it comes up; none for one seed.

    n - 1, so that a drawn mean varies by s^2 / n as the mean itself does; n draws vary too little, a third at
    n = 3 [Rao and Wu 1988]. All of them where they are few, else 500 at random.
    """
    size = n - 1
    if size and comb(n + size - 1, size) > MOST_DRAWS:
        random = np.random.default_rng(0)
        return [(seeds.tolist(), 1) for seeds in random.integers(n, size=(MOST_DRAWS, size))]
    multisets = []
    for seeds in combinations_with_replacement(range(n), size) if size else ():
        orders = factorial(size) // prod(factorial(seeds.count(seed)) for seed in set(seeds))
        multisets.append((list(seeds), orders))
    return multisets


def draws(n: int) -> int:
    """Return how many equally likely draws of n seeds `resamples` holds."""
    return sum(count for _, count in resamples(n))


def pick_frequencies(
    choose: Callable[[Floats, Flags], Mapping[str, Index]],
    scores: Floats,
    diverged: Flags,
    shape: tuple[int, ...],
) -> dict[str, Floats]:
    """Count in what share of resamples each setting is picked, by role: scores, diverged (..., seeds).

    Returns arrays (*shape), none for a single seed. choose: the picks' indices by role, of the runs of a
    draw; a draw rules out the settings that diverged in it.
    """
    frequencies: dict[str, Floats] = {}
    total = draws(scores.shape[-1])
    for seeds, count in resamples(scores.shape[-1]):
        for role, index in choose(scores[..., seeds], diverged[..., seeds]).items():
            frequencies.setdefault(role, np.zeros(shape))[index] += count / total
    return frequencies


def selection_spread(frequencies: Floats, scores: Floats, pick: Index) -> Spread:
    """Return how much the true score of a pick varies with the tuning seeds.

    Root of sum f (s - s_pick)^2, f: how often each setting is picked, s its mean: scores (*axes, replicates).
    Fresh seeds of one pick don't see this part [Bouthillier et al., arXiv 2103.03098]. The noise of s makes
    it too large; with that noise taken off, equal optimizers were told apart by one of their picks in 6 to
    10 % of simulated sweeps, as it stands in 1 to 4.
    """
    means = scores.mean(axis=-1)
    gaps = np.where(frequencies > 0, means - means[pick], 0.0)
    return Spread(float(np.sqrt(np.sum(frequencies * gaps**2))), scores.shape[-1] - 1.0)
