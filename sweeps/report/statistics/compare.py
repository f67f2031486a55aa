"""Compare optimizers on fresh seeds that all of them share."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import (
    Estimate,
    Spread,
    detectable,
    interval,
    mean_spread,
    p_value,
    sum_of,
)

# Points of accuracy within which two optimizers count as equal for all practical purposes.
MARGIN = 0.2

Verdict = Literal["better", "equivalent", "no distinguishable difference"]


@dataclass(frozen=True)
class Comparison:
    """Two optimizers as they were tuned, on the same fresh seeds."""

    # the one of the higher mean
    first: str
    second: str
    # the seeds on which both are measured and converge
    seeds: int
    # the seeds that are left out, as one of the two diverged or is unmeasured there
    excluded: int
    # first - second, paired; the interval also covers that other tuning seeds would have picked other
    # settings, so that there are no limits after a single tuning seed
    difference: Estimate
    # of the t test that the difference is 0, corrected for all pairs (Holm), which the interval isn't
    p: float
    # the true difference of the two settings that so many seeds find in 8 of 10 cases
    smallest: float
    verdict: Verdict


def compare(
    scores: Mapping[str, Floats],
    tuning: Mapping[str, Spread] | None = None,
    margin: float = MARGIN,
    level: float = 0.95,
) -> list[Comparison]:
    """Compare every pair of optimizers, by name.

    scores: (seeds,), the same fresh seeds in the same order, nan where unmeasured or diverged; tuning: how
    much the true score of the pick varies with the tuning's seeds, `stability.selection_spread`; None for
    settings that no one tuned.

    A difference is "better" where its corrected p is below 1 - level, unless its whole interval lies inside
    the margin: "equivalent".
    """
    pairs = [_order_pair(scores, *pair) for pair in combinations(scores, 2)]
    spreads = [_spread(scores, pair, tuning or {}) for pair in pairs]
    p_values = holm(np.array([p_value(mean, error) for mean, error in spreads]))
    comparisons = []
    for (first, second), (mean, error), p in zip(pairs, spreads, p_values, strict=True):
        differences = scores[first] - scores[second]
        values = differences[~np.isnan(differences)]
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
        difference = interval(mean, error, level)
        comparisons.append(
            Comparison(
                first=first,
                second=second,
                seeds=len(values),
                excluded=len(differences) - len(values),
                difference=difference,
                p=float(p),
                smallest=detectable(len(values), deviation),
                verdict=judge(difference, p < 1 - level, margin),
            )
        )
    return comparisons


def holm(p_values: Floats) -> Floats:
    """Return p values corrected for their number m: running maximum of (m - i) p_(i), at most 1 [Holm 1979].

    nan stays nan and counts as no test.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)[: int(np.sum(~np.isnan(p_values)))]
    corrected = np.full(len(p_values), np.nan)
    corrected[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1)))
    return corrected


def judge(difference: Estimate, is_different: bool, margin: float) -> Verdict:
    """Return what may be said of a difference.

    is_different: whether it is told from 0, by its corrected p or by an interval that allows for the others.
    """
    if is_within(difference, margin):
        return "equivalent"
    return "better" if is_different else "no distinguishable difference"


def is_within(difference: Estimate, margin: float) -> bool:
    """Return whether a whole interval lies inside the margin, either way."""
    return -margin < difference.low and difference.high < margin


def _spread(
    scores: Mapping[str, Floats], pair: tuple[str, str], tuning: Mapping[str, Spread]
) -> tuple[float, Spread]:
    """Return the mean difference of a pair and its error, that of the choice of either setting included."""
    first, second = pair
    mean, error = mean_spread(scores[first] - scores[second])
    choices = [tuning[name] for name in pair if name in tuning]
    return mean, sum_of([error, *choices])


def _order_pair(scores: Mapping[str, Floats], first: str, second: str) -> tuple[str, str]:
    """Return the two with the one of the higher mean first."""
    difference = scores[first] - scores[second]
    is_lower = not np.isnan(difference).all() and np.nanmean(difference) < 0
    return (second, first) if is_lower else (first, second)
