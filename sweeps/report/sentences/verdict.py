"""Say what holds between optimizers, and what can't be said."""

from collections.abc import Sequence

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import format_difference, format_interval, format_p, join_words
from sweeps.report.statistics.compare import Comparison

_UNKNOWN = {
    "learned nothing": "nothing was learned",
    "not confirmed": "not both were trained on fresh seeds",
    "different seeds": "they have no two fresh seeds in common",
    "few seeds": "fewer than two fresh seeds converge",
    "one tuning seed": "one tuning seed doesn't show which settings other seeds would pick",
    "end": "the best learning rate is at an end of the range",
    "no spread": "the difference is the same on every seed",
}


def compare_optimizers(joint: Joint) -> list[str]:
    """Return what may be said of each pair of optimizers on the fresh seeds that they share."""
    if joint.comparisons and joint.on_edge:
        return [f"No ranking: {_ends(joint)}. Widen the search before you compare them."]
    return [_compare(comparison, joint) for comparison in joint.comparisons]


def list_unknowns(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return what these studies can't say, so that nobody reads it into them."""
    names = join_words([findings.measurement.option for findings in studies])
    several = len(studies) > 1
    sentences = []
    if several and all(c.reason in ("not confirmed", "different seeds") for c in joint.comparisons):
        sentences.append(f"Which of {names} is better: no two picks were trained on the same fresh seeds.")
    if joint.on_edge:
        sentences.append(f"How good {join_words(list(joint.on_edge))} can be: {_ends(joint)}.")
    if joint.unranked:
        sentences.append(
            "Which optimizer forgives a wrong learning rate better: the good learning rates reach the ends "
            "of the range."
        )
    sentences += _list_confounders(joint)
    if several and any(findings.shares for findings in studies):
        sentences.append(
            "Which optimizer is easier to tune: those figures depend on the ranges chosen for each study."
        )
    adaptive = [findings.measurement.option for findings in studies if not findings.measurement.is_even]
    if adaptive:
        sentences.append(
            f"How much of the space is good for {join_words(adaptive)}: the search was adaptive."
        )
    return [
        *sentences,
        *_doubt_test_set(joint),
        "What holds elsewhere: every figure here is of this data set, model, budget and searched space. "
        "Change one, and the good learning rates move.",
    ]


def _compare(comparison: Comparison, joint: Joint) -> str:
    first, second, difference = comparison.first, comparison.second, comparison.difference
    pair = f"{first} and {second}"
    if comparison.verdict == "unknown":
        return f"Unknown whether {first} or {second} is better: {_UNKNOWN[comparison.reason]}."
    size = format_difference(joint.metric, difference.value)
    margin = format_difference(joint.metric, joint.metric.margin)
    phrases = {
        "better": f"{first} is better than {second} by {size}",
        "equivalent": f"{pair} are equivalent within ± {margin}",
        "no difference": f"no distinguishable difference between {pair}, {size}",
    }
    numbers = f"95 % interval {format_interval(difference)}, {format_p(comparison.p)}"
    where = " where both converge" if comparison.excluded else ""
    smallest = format_difference(joint.metric, comparison.smallest)
    return (
        f"{phrases[comparison.verdict]}, {numbers}. "
        f"{comparison.seeds} fresh seeds{where} find a true difference of {smallest} in 8 of 10 cases."
    )


def _ends(joint: Joint) -> str:
    """Return whose best mean is at which end: sgd did best at the highest learning rate searched."""
    by_end: dict[str, list[str]] = {}
    for option, end in joint.on_edge.items():
        by_end.setdefault(end, []).append(option)
    return " and ".join(
        f"{join_words(options)} did best at the {end}est learning rate searched"
        for end, options in by_end.items()
    )


def _list_confounders(joint: Joint) -> list[str]:
    """Return in what the studies differ besides: scheduler (sgd ReduceLROnPlateau, adam ConstantLR)."""
    sentences = []
    for key in next(iter(joint.differing.values()), {}):
        values = ", ".join(f"{option} {scope[key]}" for option, scope in joint.differing.items())
        sentences.append(f"What the optimizer alone does: the studies also differ in {key} ({values}).")
    return sentences


def _doubt_test_set(joint: Joint) -> list[str]:
    """Return how much the test set leaves open."""
    sample = joint.test_sample
    if sample is None:
        return []
    accuracy = f"{sample.accuracy:.0f} % is known only to ± {sample.half_width:.1f} points"
    return [
        f"The test set is itself a sample: with {sample.images:,} images, {accuracy}. "
        "The intervals here don't include that; it mostly cancels in differences."
    ]
