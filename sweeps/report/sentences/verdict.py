"""What is said of several optimizers, and what can't be."""

import math
from collections.abc import Sequence

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.limits import decades
from sweeps.report.sentences.wording import format_interval, format_number, format_share, join_words
from sweeps.report.statistics.compare import MARGIN, Comparison


def verdicts(joint: Joint) -> list[str]:
    """Of each pair of optimizers, on the fresh seeds that they share, what may be said and from what."""
    told = [
        sentence
        for role, comparisons in joint.comparisons.items()
        for comparison in comparisons
        for sentence in _verdict(comparison, role, joint)
    ]
    return [*(_turnable(joint) if told else []), *told]


def as_tuned(comparison: Comparison, unit: str) -> str:
    """What is said of two optimizers."""
    first, second = comparison.first, comparison.second
    if comparison.verdict == "better":
        return f"{first} is better than {second} by {abs(comparison.difference.value):.2f} {unit}"
    if comparison.verdict == "equivalent":
        return f"{first} and {second} are equivalent within ± {MARGIN:g}"
    return f"no distinguishable difference between {first} and {second}"


def not_said(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """What these studies can't say, so that nobody reads it into them."""
    names = [found.measurement.option for found in studies]
    told = []
    if len(studies) > 1 and not joint.comparisons:
        told.append(
            f"Which of {join_words(names)} is better: no two picks were trained on the same fresh seeds."
        )
    if joint.on_edge:
        told.append(
            f"How good {join_words(list(joint.on_edge))} can be: the highest mean is at an end of the "
            f"learning rates searched ({_ends(joint)})."
        )
    if joint.unranked:
        bands = "; ".join(
            f"{found.measurement.option} {decades(found.bands[1.0])}"
            for found in studies
            if 1.0 in found.bands
        )
        told.append(
            "Which optimizer forgives a wrong learning rate more: the bands within 1 point of the best "
            f"reach the edges of the search, so that this grid cannot rank them ({bands})."
        )
    if joint.differing:
        told.append(f"What the optimizer alone does: the studies also differ in {_differing(joint)}.")
    if len(studies) > 1 and any(found.shares for found in studies):
        told.append(
            "Whose space is easier: shares and best of k are of each study's own ranges, of "
            "its other parameters too."
        )
    if adaptive := [found.measurement.option for found in studies if not found.is_even]:
        told.append(f"How much of the space is good for {join_words(adaptive)}: the search was adaptive.")
    told += _other_images(studies)
    told.append(
        "What holds elsewhere: everything here is of this data set, model, budget and searched space alone. "
        "Another of them moves the good learning rates."
    )
    return told


def _other_images(studies: Sequence[Findings]) -> list[str]:
    """How much a test split of so many images leaves open, of an accuracy in percent."""
    for found in studies:
        images = found.measurement.confirmation.test_images
        scores = [pick.fresh.score.value / 100 for pick in found.picks.values() if pick.fresh]
        if images and scores and not math.isnan(scores[0]):
            half = 196 * math.sqrt(scores[0] * (1 - scores[0]) / images)
            return [
                f"What other test images would say: {images:,} leave ± {half:.1f} points at "
                f"{format_share(scores[0])}, and no interval here holds that. What is common to all picks "
                "cancels in a difference."
            ]
    return []


def _turnable(joint: Joint) -> list[str]:
    if not joint.on_edge:
        return []
    return [
        f"No ranking yet: the highest mean is at an end of the learning rates searched ({_ends(joint)}), and "
        "a wider search may find a better one."
    ]


def _ends(joint: Joint) -> str:
    """sgd at the highest, adam at the lowest."""
    return ", ".join(f"{option} at the {end}" for option, end in joint.on_edge.items())


def _differing(joint: Joint) -> str:
    """scheduler (sgd ReduceLROnPlateau, adam ConstantLR)."""
    keys = next(iter(joint.differing.values()))
    return join_words(
        [f"{key} ({', '.join(f'{o} {kept[key]}' for o, kept in joint.differing.items())})" for key in keys]
    )


def _verdict(comparison: Comparison, role: str, joint: Joint) -> list[str]:
    first, second, seeds = comparison.first, comparison.second, comparison.seeds
    size = f"{first} - {second} = {abs(comparison.difference.value):.2f} {joint.unit}"
    where = " on which both converge" if comparison.excluded else ""
    on = f"{seeds} fresh seeds{where}"
    least = format_number(comparison.smallest)
    smallest = f"{seeds} seeds find a true difference of {least} in 8 of 10 cases."
    if math.isnan(comparison.difference.low):
        return [
            f"{role.capitalize()} picks: whether {first} or {second} is better isn't known: {size} on {on}, "
            f"but what other tuning seeds would have picked can't be told. {smallest}"
        ]
    return [
        f"{role.capitalize()} picks: {as_tuned(comparison, joint.unit)}: {size} "
        f"{format_interval(comparison.difference)} on {on}, p = {comparison.p:.2g} after Holm over all "
        f"pairs; other tuning seeds might have picked others. {smallest}"
    ]
