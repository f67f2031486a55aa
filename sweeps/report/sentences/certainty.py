"""Say how sure the answer is: what a reader asks for after the first screen."""

import math
from collections.abc import Sequence

from sweeps.numbers import format_digits
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.remarks import count_added
from sweeps.report.sentences.verdict import describe_comparison
from sweeps.report.sentences.wording import (
    describe_gap,
    format_band,
    format_difference,
    format_estimate,
    format_share,
    join_words,
    name_factor,
)
from sweeps.report.statistics.compare import judge
from sweeps.report.statistics.stability import draws

# The least share of the variance that is worth naming.
LEAST_SHARE = 0.01


def explain_together(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return how sure the differences between optimizers are, and which holds better where lr is off."""
    sentences = []
    if len(studies) > 1:
        runs = [f"{len(study.measurement.runs)} of {study.measurement.option}" for study in studies]
        sentences.append(f"Tuning runs: {join_words(runs)}.")
    for comparison in joint.comparisons:
        if comparison.verdict != "unknown" and not math.isnan(comparison.p):
            p = format_digits(comparison.p, 2)
            sentences.append(f"{describe_comparison(comparison, joint)}; p = {p} (Holm).")
    for comparison in joint.tolerances:
        if comparison.verdict != "unknown":
            words = describe_comparison(comparison, joint).partition(";")[0]
            sentences.append(f"{words}, averaged over half, once and double the lr.")
    return [*sentences, *_speed(joint)]


def _speed(joint: Joint) -> list[str]:
    """Return how many epochs each optimizer takes to a target."""
    speed = joint.speed
    if speed is None:
        return []
    unit = " %" if joint.metric.is_percent else ""
    parts = []
    for option, epochs in speed.epochs.items():
        median = f"epoch {format_digits(epochs.median)}, " if math.isfinite(epochs.median) else ""
        parts.append(f"{option} in {median}{epochs.reached} of {epochs.runs} runs")
    sentences = [f"Epochs to {format_digits(speed.target)}{unit} on validation data: {'; '.join(parts)}."]
    for (first, second), ratio in speed.ratios.items():
        if not math.isnan(ratio.low):
            times = format_estimate(ratio)
            sentences.append(f"{first} takes {times} times as many epochs as {second}.")
    return sentences


def explain_study(findings: Findings) -> list[str]:
    """Return how settled the recommended setting is, how it holds, and how much of the space is good."""
    return [
        *_search(findings),
        *_stability(findings),
        *_tolerance(findings),
        *_space(findings),
        *_effective_lr(findings),
        *_seeds(findings),
    ]


def _search(findings: Findings) -> list[str]:
    """Return the space as written, and how it was widened."""
    space = [f"{key}={values.replace(', ', ',')}" for key, values in findings.measurement.space.items()]
    widening = findings.measurement.widening
    if space and widening.rows:
        lrs = ", ".join(format_digits(lr) for _, lr in widening.rows)
        space.append(f"widened to {lrs} ({count_added(findings.measurement)} runs)")
    return [f"Searched: {', '.join(space)}."] if space else []


def _stability(findings: Findings) -> list[str]:
    pick, count = findings.recommended_pick, len(findings.measurement.seeds)
    if pick is None or pick.tuned is None or math.isnan(pick.tuned.frequency):
        return []
    total = draws(count)
    matches = round(pick.tuned.frequency * total)
    return [f"{matches} of {total} draws of {count - 1} of the {count} tuning seeds choose the same setting."]


def _tolerance(findings: Findings) -> list[str]:
    """Return how the score compares at other learning rates, and how often runs diverge there."""
    tolerance, metric = findings.tolerance, findings.fresh_metric
    if tolerance is None:
        return []
    sentences = []
    for number, factor in enumerate(tolerance.factors):
        fall, fresh = tolerance.falls[number], tolerance.fresh[number]
        verdict = judge(fall, fall.excludes_zero, metric.margin)
        parts = [describe_gap(metric, -fall, verdict, "its own")] if verdict != "unknown" else []
        if fresh.diverged_count:
            parts.append(f"{fresh.diverged_count} of {fresh.runs} runs diverged")
        if parts:
            sentences.append(f"{name_factor(factor).capitalize()} the lr: {'; '.join(parts)}.")
    return sentences


def _space(findings: Findings) -> list[str]:
    """Return how much of the declared space is good, and which parameters matter."""
    sentences = []
    if 1.0 in findings.shares:
        share = format_share(findings.shares[1.0].low, findings.shares[1.0].high)
        sentences.append(f"Of the declared space, {share} is within 1 point of the best.")
    if findings.band:
        sentences.append(f"Learning rates within 1 point of the best: {format_band(findings.band)}.")
    parts = []
    for name, share_of in findings.importance.items():
        if share_of.value >= LEAST_SHARE:
            parts.append(f"{name} {format_share(share_of.value)}")
    if parts:
        sentences.append(f"Of the variance of the scores, these explain: {', '.join(parts)}.")
    robust = findings.picks.get("robust")
    if robust and robust.tuned and len(findings.measurement.conditions) > 1:
        regret = format_difference(findings.measurement.metric, robust.tuned.regret)
        sentences.append(f"Over the conditions, the robust pick falls at most {regret} below the best.")
    return sentences


def _effective_lr(findings: Findings) -> list[str]:
    """Return whether momentum is the learning rate again."""
    fits = findings.effective_lr
    if fits is None or not fits.is_enough:
        return []
    shares = f"{format_share(fits.effective)} of the variance, lr alone {format_share(fits.plain)}"
    return [f"Momentum acts through lr/(1-momentum): search one of the two. That explains {shares}."]


def _seeds(findings: Findings) -> list[str]:
    """Return what the tuning seeds can tell apart."""
    count = len(findings.measurement.seeds)
    if count == 1:
        return ["One seed shows nothing of the noise: no two settings can be told apart."]
    if not findings.resolution > 0:
        return []
    size = format_difference(findings.measurement.metric, findings.resolution)
    return [f"With {count} tuning seeds, two good settings must differ by {size} to be told apart."]
