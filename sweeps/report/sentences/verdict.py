"""Say which optimizers are told apart, and what to use."""

import math
from collections.abc import Collection, Sequence

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.remarks import ENDS, OUTCOMES, is_usable, list_caveats
from sweeps.report.sentences.wording import (
    format_count,
    format_difference,
    format_gap,
    format_params,
    format_size,
    join_words,
)
from sweeps.report.statistics.compare import Comparison

# The most optimizers of which every pair has a line of its own.
MOST_PAIRED = 3
# What is said where what was recommended turns out to diverge.
UNUSABLE = "what the tuning recommends diverges on every fresh seed: search smaller learning rates"
# Why a ranking is unknown.
REASONS = {
    "different seeds": "not trained on the same fresh seeds",
    "few seeds": "fewer than two fresh seeds on which both converge",
    "one tuning seed": "one tuning seed doesn't show which settings others would choose",
    "no spread": "the difference is the same on every seed",
}


def compare_optimizers(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return which optimizers are told apart: a line a pair, of many optimizers a line a verdict."""
    if len(studies) > MOST_PAIRED:
        return _compare_with_best(studies, joint)
    lines = []
    for comparison in joint.comparisons:
        if comparison.verdict == "unknown":
            pair = (comparison.first, comparison.second)
            lines.append(f"{' or '.join(pair)}: unknown, {_explain(comparison.reason, pair, studies)}")
        else:
            lines.append(describe_comparison(comparison, joint))
    return lines


def describe_comparison(comparison: Comparison, joint: Joint) -> str:
    """Return what the fresh seeds say of two optimizers."""
    first, second, metric = comparison.first, comparison.second, joint.metric
    if math.isnan(comparison.difference.low):
        return f"{first} or {second}: the same on each of {comparison.seeds} seeds"
    size = format_size(metric, comparison.difference)
    if comparison.verdict == "better":
        line = f"{first} is {format_gap(metric, comparison.difference)} than {second}"
    elif comparison.verdict == "equivalent":
        margin = format_difference(metric, metric.margin)
        line = f"{first} or {second}: equal within ± {margin} ({size})"
    else:
        line = f"{first} or {second}: no difference found ({size}); "
        line += f"{comparison.seeds} seeds may miss less than {comparison.smallest:.2g}"
    if comparison.excluded:
        line += f"; {format_count(comparison.excluded, 'seed')} left out, where one diverged or is missing"
    if comparison.is_contradicted:
        line += f"; on validation data {second} is ahead"
    return line


def _compare_with_best(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return what is told apart from the best mean of all that are compared, and of what nothing is known."""
    comparisons = [comparison for comparison in joint.comparisons if comparison.verdict != "unknown"]
    # The higher mean comes first in each pair.
    losers = {comparison.second for comparison in comparisons}
    winner = next((comparison.first for comparison in comparisons if comparison.first not in losers), "")
    others: dict[str, list[str]] = {"no difference": [], "equivalent": [], "better": []}
    for comparison in comparisons:
        if comparison.first == winner:
            size = format_size(joint.metric, comparison.difference)
            others[comparison.verdict].append(f"{comparison.second} ({size})")
    margin = format_difference(joint.metric, joint.metric.margin)
    starts = {
        "no difference": f"{winner} has the best mean; no difference found to",
        "equivalent": f"{winner} is equal, within ± {margin}, to",
        "better": f"{winner} is better than",
    }
    lines = [f"{starts[verdict]} {join_words(names)}" for verdict, names in others.items() if names]
    options_by_reason: dict[str, set[str]] = {}
    for comparison in joint.comparisons:
        if comparison.verdict == "unknown":
            options_by_reason.setdefault(comparison.reason, set()).update(
                {comparison.first, comparison.second}
            )
    for reason, options in options_by_reason.items():
        start = "some rankings are unknown" if comparisons else "every ranking is unknown"
        lines.append(f"{start}: {_explain(reason, options, studies)}")
    return lines


def _explain(reason: str, options: Collection[str], studies: Sequence[Findings]) -> str:
    """Return why a ranking of options is unknown."""
    causes, ends = [], dict[str, list[str]]()
    for findings in studies:
        option = findings.measurement.option
        if option in options and findings.recommended is None:
            causes.append(f"of {option} {OUTCOMES[findings.outcome].partition(':')[0]}")
        elif option in options and findings.open_end:
            ends.setdefault(findings.open_end, []).append(option)
    if causes:
        return join_words(causes)
    if reason == "not confirmed":
        is_off = not any(findings.measurement.confirmation.wanted for findings in studies)
        return f"not trained on fresh seeds {'(confirm=off)' if is_off else 'yet'}"
    if reason != "end":
        return REASONS.get(reason, reason)
    for end, names in ends.items():
        verb = "is" if len(names) == 1 else "are"
        causes.append(f"{join_words(names)} {verb} best at the {ENDS[f'{end} end'][0]} lr searched")
    return f"{join_words(causes)}; search beyond it"


def advise(studies: Sequence[Findings], joint: Joint) -> str:
    """Return in one sentence what to use, or what to do first."""
    candidates = list(filter(is_usable, studies))
    if len(candidates) == 1:
        return f"Use {_name_setting(candidates[0])}{_doubt(candidates[0])}."
    if not candidates:
        steps = {OUTCOMES.get(findings.outcome, UNUSABLE) for findings in studies}
        step = steps.pop() if len(steps) == 1 else "no optimizer has a setting to recommend"
        return f"{step[0].upper()}{step[1:]}."
    winners = list_winners(studies, joint)
    names = [findings.measurement.option for findings in winners]
    if len(winners) <= 2:
        names = [_name_setting(findings) for findings in winners]
    return f"Use {join_words(names, 'or')}: {_reason(winners, joint)}."


def list_winners(studies: Sequence[Findings], joint: Joint) -> list[Findings]:
    """Return the studies with a recommended setting that isn't worse than another one's."""
    worse = {comparison.second for comparison in joint.comparisons if comparison.verdict == "better"}
    return [f for f in studies if is_usable(f) and f.measurement.option not in worse]


def _name_setting(findings: Findings) -> str:
    pick = findings.recommended_pick
    assert pick is not None
    setting = format_params(pick.params) or "the config's own setting"
    return f"{findings.measurement.option} with {setting}"


def _doubt(findings: Findings) -> str:
    """Return why the setting of a single study may not hold."""
    pick = findings.recommended_pick
    assert pick is not None
    caveats = list_caveats(findings, pick)
    if not pick.fresh:
        caveats.append("chosen on the tuning seeds alone")
    return f"; {caveats[0]}" if caveats else ""


def _reason(winners: Sequence[Findings], joint: Joint) -> str:
    """Return why these are to be used: they are better than the others, or nothing tells them apart."""
    names = {findings.measurement.option for findings in winners}
    comparisons = [c for c in joint.comparisons if {c.first, c.second} & names]
    verdicts = {c.verdict for c in comparisons if {c.first, c.second} <= names}
    if "unknown" in verdicts:
        return "which is better is unknown"
    if verdicts:
        return "they are equal" if verdicts == {"equivalent"} else "no difference found"
    losers = [comparison.second for comparison in comparisons if comparison.verdict == "better"]
    return f"better than {join_words(losers)}"
