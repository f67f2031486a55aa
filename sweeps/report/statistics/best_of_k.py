"""What the best of k random settings of a search scores, and what it is worth on fresh seeds."""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, smirnovi

from sweeps.report.robust import Floats


class Band(NamedTuple):
    """Lower and upper limits of a curve over k = 1..N."""

    low: Floats
    high: Floats


def expected_best(values: Floats) -> Floats:
    """E_k for k = 1..N: the expected maximum of k of N settings drawn without replacement.

    E_k = sum_i C(i-1, k-1)/C(N, k) v_(i), v sorted ascending [Tang et al., arXiv 2004.13705; Dodge et al.,
    2110.00613]. values: a mean per setting, any shape; unmeasured ones (nan) are left out.
    """
    known = values[~np.isnan(values)]
    return _weights(len(known)) @ np.sort(known)


def honest_best(tuning: Floats, fresh: Floats) -> Floats:
    """H_k: as E_k, ranked by the tuning mean, valued on fresh seeds. Both measured, or left out.

    H_k = sum_i C(i-1, k-1)/C(N, k) f_(i), f in ascending order of the tuning means, equal ones with
    the mean of their fresh values.
    """
    known = ~(np.isnan(tuning) | np.isnan(fresh))
    _, group = np.unique(tuning[known], return_inverse=True)
    means = np.bincount(group, fresh[known]) / np.bincount(group) if len(group) else np.empty(0)
    return _weights(len(group)) @ means[np.sort(group)]


def seed_band(low: Floats, high: Floats) -> Band:
    """Limits of E_k for all k at once, from limits that hold for all settings' means at once.

    E_k grows with every value, so it lies between its values at all the lower and all the upper limits. The
    settings are taken as they are (a grid): what varies is the seeds. low, high: of
    `intervals.setting_intervals` at the level `simultaneous(settings)`.
    """
    return Band(expected_best(low), expected_best(high))


def simultaneous(count: int, level: float = 0.95) -> float:
    """The level of each of so many intervals that gives them this level together [Sidak 1967]."""
    return float(level ** (1 / max(count, 1)))


def draw_band(values: Floats, lowest: float, highest: float, level: float = 0.95) -> Band:
    """Limits, for all k at once, of the best of k settings drawn at random from the whole space.

    The settings are taken as a sample (qmc): every distribution within the Kolmogorov-Smirnov distance of the
    sample's is held possible, scores lie in [lowest, highest] [Dvoretzky, Kiefer and Wolfowitz 1956; Lourie
    et al., arXiv 2311.09480].
    """
    known = np.sort(values[~np.isnan(values)])
    count = len(known)
    distance = float(smirnovi(count, (1 - level) / 2)) if count else 1.0
    steps = np.arange(1, count + 1) / max(count, 1)
    k = np.arange(1, count + 1)[:, None]
    points = np.concatenate([[lowest], known, [highest]])
    above = np.concatenate([[0.0], steps, [1.0]]) + distance  # the most mass that can lie at or below a point
    below = np.concatenate([[0.0], steps - distance, [1.0]])
    return Band(*(np.diff(np.clip(mass, 0, 1) ** k, axis=1, prepend=0.0) @ points for mass in (above, below)))


def _weights(count: int) -> Floats:
    """C(i-1, k-1)/C(N, k) for k (rows) and i (columns) of 1..N, by logarithms: factorials overflow."""
    i, k = np.arange(1, count + 1), np.arange(1, count + 1)[:, None]
    log_chosen = gammaln(i) - gammaln(k) - gammaln(np.maximum(i - k, 0) + 1)
    log_all = gammaln(count + 1) - gammaln(k + 1) - gammaln(count - k + 1)
    return np.where(i >= k, np.exp(np.minimum(log_chosen - log_all, 0)), 0.0)
