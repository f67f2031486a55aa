"""How often each setting diverges, where a handful of runs can't say: what the settings around it add."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sweeps.report.statistics.noise import DRAWS
from sweeps.report.statistics.robust import Flags, Floats

Counts = NDArray[np.integer]

# What is thought before any run is seen: a step along an axis changes the log odds of divergence by
# N(0, s^2), s = 6 within a factor of 2 or so, as cliffs are steep; fewer than half of the settings diverge;
# and in half of the spaces none does.
STEP, FACTOR = 6.0, 0.7
MIDDLE, AROUND = -1.0, 2.0
NOWHERE = 0.5
# Markov chains side by side, begun at the likeliest of so many prior draws; of their steps, the first
# BURN are left out and then all but every EVERY-th.
CHAINS, TRIED, BURN, EVERY = 128, 4096, 25, 5


class Risk(NamedTuple):
    """drawn: draws of the settings' probabilities of divergence, (settings, draws).

    fall: how far below those that converge a setting's diverged runs score, (settings,).
    """

    drawn: Floats
    fall: Floats

    def unseen(self, shares: Floats) -> Floats:
        """How far means of runs of which these shares diverged may lie from the true ones: (settings, draws).

        (share - p) fall, to be added: below 0 where more runs diverge than did.
        """
        moved: Floats = (shares[:, None] - self.drawn) * self.fall[:, None]
        return moved


def grid_terms(shape: Sequence[int], ordered: Sequence[bool]) -> Floats:
    """What adds up to the log odds of each setting of a grid, in units of a step: (settings, terms).

    A random walk along the values of an ordered axis, a term for each value of another; an axis of a single
    value adds nothing.
    """
    places = np.indices(shape).reshape(len(shape), -1).astype(float)
    parts = [
        walk(at, length) if is_ordered or length == 1 else np.eye(length)[at.astype(int)] / np.sqrt(2)
        for at, length, is_ordered in zip(places, shape, ordered, strict=True)
    ]
    return np.concatenate(parts, axis=1)


def walk(places: Floats, length: int) -> Floats:
    """A random walk over 0, 1, ..., length - 1 at these places, linear in between: (places, steps)."""
    return np.clip(places[:, None] - np.arange(length - 1), 0, 1) - 0.5


def drawn_risks(counts: Counts, totals: Counts, terms: Floats, nowhere: float = NOWHERE) -> Floats:
    """Draws of the settings' probabilities of divergence, given how many runs did: (settings, draws).

    Bayesian logistic regression: log odds = s (terms b + 2 a - 1), a and b standard normal, log s normal; its
    posterior by elliptical slice sampling, which has nothing to tune [Murray, Adams and MacKay,
    arXiv 1001.0175]. Where no run diverged, some draws are all 0: none may ever do. counts, totals:
    (settings,), totals 0 where nothing is measured; terms: `grid_terms`; nowhere: the share of spaces where
    none does.
    """
    rows = tuple(map(tuple, terms.tolist()))
    return _posterior(tuple(counts.tolist()), tuple(totals.tolist()), rows, nowhere)


@lru_cache(maxsize=32)
def _posterior(
    counted: tuple[int, ...], trained: tuple[int, ...], rows: tuple[tuple[float, ...], ...], nowhere: float
) -> Floats:
    counts, totals, terms = np.array(counted), np.array(trained), np.array(rows)
    random = np.random.default_rng(0)
    terms = np.column_stack([np.full(len(terms), AROUND), terms])

    def prior(chains: int = CHAINS) -> Floats:
        """log s, and the sum of the terms, of each chain: (1 + settings, chains)."""
        return np.vstack([random.normal(size=chains), terms @ random.normal(size=(terms.shape[1], chains))])

    def likelihood(state: Floats) -> Floats:
        log_odds = _log_odds(state)
        logs: Floats = counts @ log_odds - totals @ np.logaddexp(0, log_odds)
        return logs

    tried = prior(TRIED)
    likely = likelihood(tried)
    weights = np.exp(likely - likely.max())
    start = random.choice(TRIED, size=CHAINS, p=weights / weights.sum())
    state, known, kept = tried[:, start], likely[start], []
    for step in range(1, BURN + EVERY * (DRAWS // CHAINS) + 1):
        state, known = _sliced(state, known, prior(), likelihood, random)
        if step > BURN and (step - BURN) % EVERY == 0:
            kept.append(expit(_log_odds(state)))
    drawn = np.concatenate(kept, axis=1)
    if counts.any():
        return drawn
    somewhere = (1 - nowhere) * float(np.exp(likely).mean())
    return np.where(random.random(DRAWS) < somewhere / (somewhere + nowhere), drawn, 0.0)


def _log_odds(state: Floats) -> Floats:
    log_odds: Floats = STEP * np.exp(FACTOR * state[0]) * (state[1:] + MIDDLE)
    return log_odds


def risk(scores: Floats, diverged: Flags, terms: Floats, chance: float, nowhere: float = NOWHERE) -> Risk:
    """The risk of every setting: scores, diverged (settings, replicates), nan where unmeasured.

    chance: what a diverged run scores; nowhere: as of `drawn_risks`. Settings of which no run converged fall
    as far as the nearest others.
    """
    known = ~np.isnan(scores)
    counts, totals = (diverged & known).sum(axis=1), known.sum(axis=1)
    trained = np.flatnonzero(totals > counts)
    fall = np.zeros(len(scores))
    if len(trained):
        sums = np.where(known & ~diverged, scores, 0.0).sum(axis=1)
        means = sums[trained] / (totals - counts)[trained]
        squares = np.sum(terms**2, axis=1)
        away = squares[:, None] + squares[trained] - 2 * terms @ terms[trained].T
        nearest = away < away.min(axis=1, keepdims=True) + 1e-9
        fall = nearest @ means / nearest.sum(axis=1) - chance
    return Risk(drawn_risks(counts, totals, terms, nowhere), fall)


def _sliced(
    state: Floats,
    known: Floats,
    other: Floats,
    likelihood: Callable[[Floats], Floats],
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """One step of every chain, (values, chains), to a point of the ellipse through it and a prior draw.

    known: the chains' log likelihoods. A chain's bracket of angles shrinks to where it is until it accepts.
    """
    start, state, known = state, state.copy(), known.copy()
    level = known - random.exponential(size=len(known))
    left = np.arange(len(known))
    angle = random.uniform(0, 2 * np.pi, len(known))
    low, high = angle - 2 * np.pi, angle
    while len(left):
        point = np.cos(angle) * start[:, left] + np.sin(angle) * other[:, left]
        found = likelihood(point)
        accepted = found > level[left]
        state[:, left[accepted]], known[left[accepted]] = point[:, accepted], found[accepted]
        left, angle, low, high = left[~accepted], angle[~accepted], low[~accepted], high[~accepted]
        low, high = np.where(angle < 0, angle, low), np.where(angle < 0, high, angle)
        angle = random.uniform(low, high)
    return state, known
