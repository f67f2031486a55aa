"""Optimizers against each other on fresh seeds that all of them share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from sweeps.report.statistics.hazard import Hazard, Mean, mean_of
from sweeps.report.statistics.intervals import Estimate, Spread, detectable, mean_spread, sum_of
from sweeps.report.statistics.randomization import holm, probability_better, sign_flip
from sweeps.report.statistics.robust import Floats

# Points of accuracy within which two optimizers count as equal for all practical purposes.
MARGIN = 0.2

Verdict = Literal["better", "equivalent", "no distinguishable difference"]


@dataclass(frozen=True)
class Comparison:
    """Two optimizers on the same fresh seeds, the one of the higher mean first; differences: first - second.

    Of the two settings that were confirmed: difference, the mean with its paired t interval; p, of the t
    test; of_settings, the verdict; sign_flip, p of the sign-flip test; probability, that a run of the first
    beats one of the second; smallest, the true difference that so many seeds find in 8 of 10 cases.

    Of the optimizers as they were tuned: tuned, the same difference with an interval that also covers that
    other tuning seeds would have picked other settings; p_tuned; verdict. nan, and no distinguishable
    difference, where that part is unknown (a single tuning seed).

    may_diverge: which of the two have a hazard, that difference and tuned allow for.

    p and p_tuned are corrected for all pairs (Holm), p for those of the other kinds of picks too; p_tuned
    needs no more, as `tuned` is too wide rather than too narrow. Intervals and sign_flip are not corrected.
    """

    first: str
    second: str
    seeds: int
    difference: Estimate
    p: float
    of_settings: Verdict
    sign_flip: float
    probability: float
    smallest: float
    tuned: Estimate
    p_tuned: float
    verdict: Verdict
    may_diverge: Sequence[str] = ()


def compare(
    scores: Mapping[str, Floats],
    tuning: Mapping[str, Spread] | None = None,
    beside: Sequence[float] = (),
    hazards: Mapping[str, Hazard] | None = None,
    margin: float = MARGIN,
    level: float = 0.95,
) -> list[Comparison]:
    """Every pair of optimizers, by name.

    scores: (seeds,), the same fresh seeds in the same order, nan where unmeasured; tuning: how much the true
    score of the pick varies with the tuning's seeds, `stability.selection_spread`; None for settings that no
    one tuned; beside: `raw_p` of all other comparisons that are reported with these; hazards: of those that
    may diverge, see `hazard.mean_of`.

    A difference is "better" where its corrected p is below 1 - level, unless its whole interval lies inside
    the margin: "equivalent".
    """
    pairs = _pairs(scores)
    alone = [_difference(scores, pair, hazards or {}) for pair in pairs]
    chosen = [[tuning[name] for name in pair] if tuning else [] for pair in pairs]
    # Other tuning seeds might have picked what diverges more or less: here diverged runs are noise too.
    noise = [mean_spread(scores[first] - scores[second])[1] for first, second in pairs]
    whole = [
        replace(one, error=sum_of([error, *more]))
        for one, error, more in zip(alone, noise, chosen, strict=True)
    ]
    p = holm(np.array([*(one.p for one in alone), *beside]))[: len(pairs)]
    p_tuned = holm(np.array([one.p for one in whole]))
    found = []
    for pair, one, wider, p_one, p_both in zip(pairs, alone, whole, p, p_tuned, strict=True):
        difference, tuned = one.interval(level), wider.interval(level)
        verdicts = [verdict(difference, p_one, margin, level), verdict(tuned, p_both, margin, level)]
        compared = _comparison(scores, pair, (difference, tuned), (p_one, p_both), verdicts)
        found.append(replace(compared, may_diverge=[name for name in pair if name in (hazards or {})]))
    return found


def raw_p(scores: Mapping[str, Floats], hazards: Mapping[str, Hazard] | None = None) -> list[float]:
    """The p of every pair of optimizers, not corrected."""
    return [_difference(scores, pair, hazards or {}).p for pair in _pairs(scores)]


def _difference(scores: Mapping[str, Floats], pair: tuple[str, str], hazards: Mapping[str, Hazard]) -> Mean:
    first, second = pair
    return mean_of(scores[first] - scores[second], hazards.get(first), hazards.get(second))


def _pairs(scores: Mapping[str, Floats]) -> list[tuple[str, str]]:
    return [_ordered(scores, *pair) for pair in combinations(scores, 2)]


def _comparison(
    scores: Mapping[str, Floats],
    pair: tuple[str, str],
    differences: tuple[Estimate, Estimate],
    p: tuple[float, float],
    verdicts: Sequence[Verdict],
) -> Comparison:
    first, second = (scores[name] for name in pair)
    paired = (first - second)[~np.isnan(first - second)]
    deviation = float(np.std(paired, ddof=1)) if len(paired) > 1 else float("nan")
    return Comparison(
        *pair,
        seeds=len(paired),
        difference=differences[0],
        p=float(p[0]),
        of_settings=verdicts[0],
        sign_flip=sign_flip(paired),
        probability=probability_better(first, second),
        smallest=detectable(len(paired), deviation),
        tuned=differences[1],
        p_tuned=float(p[1]),
        verdict=verdicts[1],
    )


def verdict(difference: Estimate, p: float, margin: float = MARGIN, level: float = 0.95) -> Verdict:
    """What may be said of a difference with its interval and its corrected p."""
    if is_within(difference, margin):
        return "equivalent"
    return "better" if p < 1 - level else "no distinguishable difference"


def is_within(difference: Estimate, margin: float = MARGIN) -> bool:
    """Whether a whole interval lies inside the margin, either way."""
    return -margin < difference.low and difference.high < margin


def _ordered(scores: Mapping[str, Floats], one: str, other: str) -> tuple[str, str]:
    difference = scores[one] - scores[other]
    lower = not np.isnan(difference).all() and np.nanmean(difference) < 0
    return (other, one) if lower else (one, other)
