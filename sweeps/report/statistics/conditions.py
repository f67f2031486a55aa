"""Compare settings under several conditions: regret to each one's best, and what suits all."""

import numpy as np

from sweeps.report.statistics.arrays import Floats


def regrets(scores: Floats) -> Floats:
    """Return each condition's best score minus the setting's: scores (*axes, conditions)."""
    return best_scores(scores) - scores


def largest_regrets(scores: Floats) -> Floats:
    """Return each setting's largest regret over the conditions; nan where one is unmeasured."""
    return np.asarray(regrets(scores).max(axis=-1))


def robustness_across(scores: Floats) -> Floats:
    """Return R_sigma over all conditions: R_sigma under each (*axes, conditions) -> (*axes).

    The mean over the conditions of their best, less the setting's largest regret: of one, R_sigma itself.
    """
    return np.asarray(best_scores(scores).mean() - largest_regrets(scores))


def best_scores(scores: Floats) -> Floats:
    """Return each condition's best score, -inf where nothing is measured: scores (*axes, conditions)."""
    axes = tuple(range(scores.ndim - 1))
    return np.asarray(scores.max(axis=axes, keepdims=True, initial=-np.inf, where=~np.isnan(scores)))
