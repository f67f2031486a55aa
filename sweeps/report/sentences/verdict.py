"""Say which optimizers are told apart, and what to use."""

import math
from collections.abc import Sequence

from sweeps.numbers import format_digits
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.remarks import describe_outcome, is_usable, list_caveats
from sweeps.report.sentences.wording import (
    describe_gap,
    format_count,
    format_estimate,
    format_params,
    join_words,
)
from sweeps.report.statistics.compare import Comparison

# The most optimizers whose settings the advice names.
MOST_NAMED = 2
# Why a ranking is unknown.
REASONS = {
    "learned nothing": "nothing was learned",
    "not confirmed": "not trained on fresh seeds",
    "different seeds": "not trained on the same fresh seeds",
    "few seeds": "fewer than two fresh seeds on which both converge",
    "one tuning seed": "one tuning seed doesn't show which settings others would choose",
    "adaptive": "an adaptive search doesn't show which settings other seeds would choose",
    "end": "the best lr is at an end of the range",
    "no spread": "the difference is the same on every seed",
}
# What is said of optimizers of which none is worse; where pairs differ, the first that fits.
RELATIONS = {
    "unknown": "which is better is unknown",
    "no difference": "no difference found",
    "equivalent": "they are equal",
}


def compare_optimizers(joint: Joint) -> list[str]:
    """Return how the best mean compares with the others: a line a verdict, or a reason for none."""
    groups: dict[str, list[Comparison]] = {}
    for comparison in _compare_with_best(joint.comparisons):
        groups.setdefault(comparison.reason or comparison.verdict, []).append(comparison)
    lines = []
    for key, comparisons in groups.items():
        if key in REASONS:
            pairs = [(comparison.first, comparison.second) for comparison in comparisons]
            options = dict.fromkeys(sum(pairs, ()))
            lines.append(f"{join_words(list(options), 'or')}: unknown, {REASONS[key]}")
        else:
            lines.append("; ".join([describe_comparison(comparison, joint) for comparison in comparisons]))
    return lines


def describe_comparison(comparison: Comparison, joint: Joint) -> str:
    """Return what the fresh seeds say of two optimizers."""
    first, second, difference = comparison.first, comparison.second, comparison.difference
    line = f"{first} is {describe_gap(joint.metric, difference, comparison.verdict, second)}"
    if math.isnan(difference.low):
        line = f"{first} or {second}: the same on each of {comparison.seeds} seeds"
    elif comparison.verdict == "no difference":
        line = f"{first} or {second}: no difference found ({format_estimate(difference)}); "
        line += f"{comparison.seeds} seeds may miss less than {format_digits(comparison.smallest, 2)}"
    if comparison.excluded:
        line += f"; {format_count(comparison.excluded, 'seed')} left out, where one diverged or is missing"
    if comparison.is_contradicted:
        line += f"; on validation data {second} is ahead"
    return line


def _compare_with_best(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons of the best mean; all where nothing is known."""
    decisions = [comparison for comparison in comparisons if comparison.verdict != "unknown"]
    # The higher mean comes first in each pair.
    losers = {comparison.second for comparison in decisions}
    winner = next((comparison.first for comparison in decisions if comparison.first not in losers), "")
    return [each for each in comparisons if winner in (each.first, each.second, "")]


def advise(studies: Sequence[Findings], joint: Joint) -> str:
    """Return in one sentence what to use, or what to do first."""
    winners = list_winners(studies, joint)
    if not winners:
        steps = {describe_outcome(findings) for findings in studies}
        step = steps.pop() if len(steps) == 1 else "no optimizer has a setting to recommend"
        return f"{step[0].upper()}{step[1:]}."
    names = []
    for findings in winners:
        name = findings.measurement.option
        if findings.recommended and len(winners) <= MOST_NAMED:
            name += f" with {format_params(findings.recommended.params)}"
        names.append(name)
    return f"Use {join_words(names, 'or')}{_reason(winners, joint)}."


def list_winners(studies: Sequence[Findings], joint: Joint) -> list[Findings]:
    """Return the studies with a recommended setting that isn't worse than another one's."""
    losers = {comparison.second for comparison in joint.comparisons if comparison.verdict == "better"}
    return [each for each in studies if is_usable(each) and each.measurement.option not in losers]


def _reason(winners: Sequence[Findings], joint: Joint) -> str:
    """Return why these are to be used, or why the only one may not hold."""
    names = {findings.measurement.option for findings in winners}
    verdicts = {pair.verdict for pair in joint.comparisons if {pair.first, pair.second} <= names}
    for verdict, relation in RELATIONS.items():
        if verdict in verdicts:
            return f": {relation}"
    losers = [pair.second for pair in joint.comparisons if pair.first in names and pair.verdict == "better"]
    if losers:
        return f": better than {join_words(losers)}"
    caveats = list_caveats(winners[0])
    return f"; {caveats[0]}" if caveats else ""
