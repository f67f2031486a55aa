"""Tests that ask nothing of the distribution, and the correction for many of them."""

from functools import lru_cache
from itertools import product

import numpy as np

from sweeps.report.statistics.robust import Floats

# Pairs up to which every flip of signs is counted; beyond, so many random ones are.
EXACT, FLIPS = 16, 100_000


def sign_flip(differences: Floats) -> float:
    """Two-sided p of paired differences: share of the 2^n flips of their signs whose |sum| is no smaller.

    Exact up to 16 pairs; beyond, of 100,000 random flips and the one observed [Fisher 1935, section 21].
    """
    values = differences[~np.isnan(differences)]
    if not len(values):
        return float("nan")
    observed = abs(values.sum())
    slack = 1e-9 * np.abs(values).sum()  # sums that are equal but for their rounding
    if len(values) <= EXACT:
        sums = _all_signs(len(values)) @ values
        return float(np.mean(np.abs(sums) >= observed - slack))
    signs = np.random.default_rng(0).choice((-1.0, 1.0), size=(FLIPS, len(values)))
    return float((1 + np.sum(np.abs(signs @ values) >= observed - slack)) / (FLIPS + 1))


@lru_cache(maxsize=2)
def _all_signs(count: int) -> Floats:
    return np.array(list(product((-1.0, 1.0), repeat=count)))


def probability_better(first: Floats, second: Floats) -> float:
    """P(A > B) + P(A = B) / 2 over all pairs of a run of each [Mann and Whitney 1947; Bouthillier 2021]."""
    differences = first[:, None] - second[None, :]
    return float(np.nanmean(np.heaviside(differences, 0.5))) if not np.isnan(differences).all() else np.nan


def mann_whitney(first: Floats, second: Floats) -> float:
    """Two-sided p of Mann and Whitney's test of two unpaired samples, exact where there are no ties."""
    from scipy.stats import mannwhitneyu  # seconds to import

    return float(mannwhitneyu(first, second).pvalue)


def holm(p_values: Floats) -> Floats:
    """p values corrected for their number m: the running maximum of (m - i) p_(i), at most 1 [Holm 1979].

    nan stays nan and counts as no test.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)[: int(np.sum(~np.isnan(p_values)))]
    corrected = np.full(len(p_values), np.nan)
    corrected[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1)))
    return corrected
