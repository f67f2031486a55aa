"""Expect what the best of k random settings of a search scores, and what it is worth on fresh seeds."""

import numpy as np
import scipy  # its special functions load when one is called, which takes a while

from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.noise import draw_means, means_of


def expected_best(values: Floats) -> Floats:
    """Return E_k for k = 1..N: the expected maximum of k of N settings drawn without replacement.

    E_k = sum_i C(i-1, k-1)/C(N, k) v_(i), v sorted ascending [Tang et al., arXiv 2004.13705; Dodge et al.,
    2110.00613]. values: a mean per setting, any shape; unmeasured ones (nan) are left out.
    """
    scores = values[~np.isnan(values)]
    return _weights(len(scores)) @ np.sort(scores)


def honest_best(tuning: Floats, fresh: Floats) -> Floats:
    """Return H_k: as E_k, ranked by the tuning mean, valued on fresh seeds. Both measured, or left out.

    H_k = sum_i C(i-1, k-1)/C(N, k) f_(i), f in ascending order of the tuning means, equal ones with
    the mean of their fresh values.
    """
    mask = ~(np.isnan(tuning) | np.isnan(fresh))
    _, group = np.unique(tuning[mask], return_inverse=True)
    means = np.bincount(group, fresh[mask]) / np.bincount(group) if len(group) else np.empty(0)
    return _weights(len(group)) @ means[np.sort(group)]


def expected_best_band(scores: Floats, diverged: Flags, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return low, high limits of E_k of the true means, for all k at once: scores (*axes, replicates).

    T_k = 2 E_k - E_k(drawn) over draws of the means' noise, its mean -+ q sd, q the quantile of max_k
    |T_k - mean|/sd: the best of noisy means looks too good, that of drawn ones twice. The settings are taken
    as they are, and to diverge as often as measured: what varies is the seeds.
    """
    draws = draw_means(scores, diverged)
    rows = ~np.isnan(draws).any(axis=-1)
    weights, middle = _weights(int(rows.sum())), expected_best(means_of(scores))[:, None]
    if len(weights) < len(middle):
        return np.full(len(middle), np.nan), np.full(len(middle), np.nan)
    noisy = weights @ np.sort(draws[rows], axis=0)
    true = 2 * middle - noisy
    mean, deviation = true.mean(axis=1, keepdims=True), true.std(axis=1, keepdims=True)
    largest = np.max(np.abs(true - mean) / np.maximum(deviation, 1e-12), axis=0)
    # Without noise there is no telling how much other seeds would have changed.
    half_widths = np.quantile(largest, level) * np.where(deviation > 1e-12, deviation, np.nan)
    return (mean - half_widths)[:, 0], (mean + half_widths)[:, 0]


def _weights(count: int) -> Floats:
    """Return C(i-1, k-1)/C(N, k) for k (rows) and i (columns) of 1..N, by logarithms: factorials overflow."""
    i, k = np.arange(1, count + 1), np.arange(1, count + 1)[:, None]
    gammaln = scipy.special.gammaln
    log_subsets = gammaln(i) - gammaln(k) - gammaln(np.maximum(i - k, 0) + 1)
    log_total = gammaln(count + 1) - gammaln(k + 1) - gammaln(count - k + 1)
    return np.where(i >= k, np.exp(np.minimum(log_subsets - log_total, 0)), 0.0)
