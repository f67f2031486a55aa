"""Compare optimizers on fresh seeds that all of them share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

Verdict = Literal["better", "equivalent", "no difference", "unknown"]


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
    # first - second, paired, above 0 where the first is better; the interval also covers that other tuning
    # seeds would have picked other settings, so that there are no limits after a single tuning seed
    difference: Estimate
    # the standard error of the difference
    error: Spread
    # of the t test that the difference is 0, corrected for all pairs (Holm), which the interval isn't
    p: float
    # the true difference that such an error lets one find in 8 of 10 cases
    smallest: float
    verdict: Verdict
    # Why a verdict is unknown. "learned nothing". "not confirmed": a setting has no fresh seeds, "different
    # seeds": not the other's. "few seeds": fewer than two on which both converge. "one tuning seed": others
    # may have picked anything. "adaptive": so after a search that crowds. "end": the best learning rate may
    # lie beyond it. "no spread": the difference is the same on every seed: nothing says how far to trust it.
    reason: str = ""
    # of the objective on the same seeds, where the difference is of a test set; else nan
    validation_difference: float = float("nan")

    @property
    def is_contradicted(self) -> bool:
        """Return whether the better one on the test set is the worse one by the objective."""
        return self.verdict == "better" and self.validation_difference * self.difference.value < 0


def compare(
    scores: Mapping[str, Floats], tuning: Mapping[str, Spread], margin: float = MARGIN
) -> list[Comparison]:
    """Compare every pair of optimizers, by name.

    scores: (seeds,), the same fresh seeds in the same order, higher is better, nan where unmeasured or
    diverged; tuning: how much the true score of the pick varies with the tuning's seeds,
    `stability.selection_spread`; none for settings that no one tuned.

    A difference is "better" where its corrected p is below 0.05, unless its whole interval lies inside
    the margin: "equivalent". It is "unknown" where it has no interval.
    """
    pairs = [_compare_pair(scores, pair, tuning) for pair in combinations(scores, 2)]
    p_values = holm(np.array([pair.p for pair in pairs]))
    comparisons = []
    for pair, p in zip(pairs, p_values.tolist(), strict=True):
        verdict = judge(pair.difference, p < 0.05, margin)
        if not pair.reason and verdict == "unknown":  # both score the same on every seed
            verdict = "no difference"
        comparisons.append(replace(pair, p=p, verdict=verdict))
    return comparisons


def holm(p_values: Floats) -> Floats:
    """Return p values corrected for their number m: running maximum of (m - i) p_(i), at most 1 [Holm 1979].

    nan stays nan and counts as no test.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)[: int(np.sum(~np.isnan(p_values)))]
    result = np.full(len(p_values), np.nan)
    result[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1)))
    return result


def judge(difference: Estimate, is_different: bool, margin: float) -> Verdict:
    """Return what may be said of a difference.

    is_different: whether it is told from 0, by its corrected p or by an interval that allows for the others.
    """
    if np.isnan(difference.low):
        return "unknown"
    if -margin < difference.low and difference.high < margin:
        return "equivalent"
    return "better" if is_different else "no difference"


def _compare_pair(
    scores: Mapping[str, Floats], pair: tuple[str, str], tuning: Mapping[str, Spread]
) -> Comparison:
    """Return a comparison that is still to be judged, with its own p; the error includes both choices."""
    first, second = pair
    differences = scores[first] - scores[second]
    mean, noise = mean_spread(differences)
    if mean < 0:
        first, second, mean = second, first, -mean
    error = sum_of([noise, *(tuning[name] for name in pair if name in tuning)])
    seeds = int(np.sum(~np.isnan(differences)))
    reason = ""
    if seeds < 2:
        reason = "few seeds"
    elif np.isnan(error.sd):
        reason = "one tuning seed"
    elif error.is_none and mean != 0:
        reason = "no spread"
    return Comparison(
        first=first,
        second=second,
        seeds=seeds,
        excluded=len(differences) - seeds,
        difference=interval(mean, error),
        error=error,
        p=p_value(mean, error),
        smallest=detectable(error),
        verdict="unknown",
        reason=reason,
    )
