"""Optimizers against each other on fresh seeds that all of them share."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from sweeps.report.robust import Floats
from sweeps.report.statistics.intervals import Estimate, detectable, mean_interval, t_test
from sweeps.report.statistics.randomization import holm, probability_better, sign_flip

# Points of accuracy within which two optimizers count as equal for all practical purposes.
MARGIN = 0.2

Verdict = Literal["better", "equivalent", "no distinguishable difference"]


@dataclass(frozen=True)
class Comparison:
    """Two optimizers on the same fresh seeds, the one of the higher mean first.

    difference: first minus second, mean with its t interval; p: of the paired t test, corrected for all pairs
    (Holm); sign_flip: uncorrected; probability: that a run of the first beats one of the second; smallest:
    the true difference that so many seeds find in 8 of 10 cases.
    """

    first: str
    second: str
    seeds: int
    difference: Estimate
    p: float
    sign_flip: float
    probability: float
    smallest: float
    verdict: Verdict


def compare(scores: Mapping[str, Floats], margin: float = MARGIN, level: float = 0.95) -> list[Comparison]:
    """Every pair of optimizers: name -> scores (seeds,), the same seeds in the same order, nan: unmeasured.

    "better" where the corrected p is below 1 - level, unless the whole interval lies inside the margin:
    then "equivalent", whatever p is. Fewer than two common seeds: no distinguishable difference.
    """
    pairs = [_ordered(scores, *pair) for pair in combinations(scores, 2)]
    differences = [scores[a] - scores[b] for a, b in pairs]
    corrected = holm(np.array([t_test(values) for values in differences]))
    return [
        _comparison(scores, pair, values, float(p), margin, level)
        for pair, values, p in zip(pairs, differences, corrected, strict=True)
    ]


def _comparison(
    scores: Mapping[str, Floats],
    pair: tuple[str, str],
    differences: Floats,
    p: float,
    margin: float,
    level: float,
) -> Comparison:
    values = differences[~np.isnan(differences)]
    first, second = (scores[name][~np.isnan(scores[name])] for name in pair)
    difference = mean_interval(values, level)
    return Comparison(
        *pair,
        seeds=len(values),
        difference=difference,
        p=p,
        sign_flip=sign_flip(values),
        probability=probability_better(first, second),
        smallest=detectable(len(values), float(np.std(values, ddof=1)) if len(values) > 1 else np.nan),
        verdict=verdict(difference, p, margin, level),
    )


def verdict(difference: Estimate, p: float, margin: float = MARGIN, level: float = 0.95) -> Verdict:
    """What may be said of a difference with its interval and its corrected p."""
    if -margin < difference.low and difference.high < margin:
        return "equivalent"
    return "better" if p < 1 - level else "no distinguishable difference"


def _ordered(scores: Mapping[str, Floats], one: str, other: str) -> tuple[str, str]:
    difference = scores[one] - scores[other]
    lower = not np.isnan(difference).all() and np.nanmean(difference) < 0
    return (other, one) if lower else (one, other)
