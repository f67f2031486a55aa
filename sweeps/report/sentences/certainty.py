"""Say how sure the answer is: what a reader asks for after the first screen."""

import math
from collections.abc import Sequence

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.pick import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.remarks import count_added, count_runs
from sweeps.report.sentences.verdict import describe_comparison
from sweeps.report.sentences.wording import (
    FACTOR_NAMES,
    format_band,
    format_difference,
    format_estimate,
    format_gap,
    format_p,
    format_params,
    format_score,
    format_share,
    format_size,
    join_words,
    name_roles,
)
from sweeps.report.statistics.stability import draws

# The least share of the variance that is worth naming.
LEAST_SHARE = 0.01


def explain_together(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return how sure the differences between optimizers are, and which holds better where lr is off."""
    sentences = []
    if len(studies) > 1:
        runs = [
            f"{count_runs(findings.measurement)} of {findings.measurement.option}" for findings in studies
        ]
        sentences.append(f"Tuning runs: {join_words(runs)}.")
    comparisons = [comparison for comparison in joint.comparisons if comparison.verdict != "unknown"]
    for comparison in comparisons:
        if not math.isnan(comparison.p):
            smallest = format_difference(joint.metric, comparison.smallest)
            sentences.append(
                f"{comparison.first} and {comparison.second}: {format_p(comparison.p)} (Holm). "
                f"These seeds find a difference of {smallest} in 8 of 10 cases."
            )
    pairs = [{comparison.first, comparison.second} for comparison in comparisons]
    for comparison in joint.tolerances:
        if comparison.verdict != "unknown" and {comparison.first, comparison.second} in pairs:
            words = describe_comparison(comparison, joint).partition(";")[0]
            sentences.append(f"On average over its learning rates on fresh seeds: {words}.")
    return [*sentences, *_speed(joint)]


def _speed(joint: Joint) -> list[str]:
    """Return how many epochs each optimizer takes to a target."""
    speed = joint.speed
    if speed is None:
        return []
    unit = " %" if joint.metric.is_percent else ""
    parts = []
    for option, epochs in speed.epochs.items():
        median = f"{epochs.median:g} epochs, " if math.isfinite(epochs.median) else ""
        parts.append(f"{option} in {median}{epochs.reached} of {epochs.runs} runs")
    sentences = [f"Epochs to {speed.target:g}{unit} on validation data: {'; '.join(parts)}."]
    for (first, second), ratio in speed.ratios.items():
        if not math.isnan(ratio.low):
            times = format_estimate(ratio)
            sentences.append(f"{first} takes {times} times as many epochs as {second}.")
    return sentences


def explain_study(findings: Findings) -> list[str]:
    """Return how settled the recommended setting is, how it holds, and how much of the space is good."""
    return [
        *_search(findings),
        *_compare_picks(findings),
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
        lrs = ", ".join(f"{lr:g}" for _, lr in widening.rows)
        space.append(f"widened to {lrs} ({count_added(findings.measurement)} runs)")
    return [f"Searched: {', '.join(space)}."] if space else []


def _compare_picks(findings: Findings) -> list[str]:
    """Return what the other picks score on the same fresh seeds, and the difference."""
    sentences = []
    for picks in group_picks(findings.picks):
        pick, gap = picks[0], findings.recommended_minus.get(picks[0].role)
        if pick.fresh is None or gap is None or math.isnan(gap.low):
            continue
        verdict = findings.verdicts[pick.role]
        words = f"{'equal to' if verdict == 'equivalent' else 'no difference found to'} the recommended one"
        if verdict == "better":
            words = f"{format_gap(findings.fresh_metric, -gap)} than the recommended one"
        score = format_score(findings.fresh_metric, pick.fresh.score)
        if pick.fresh.diverged_count:
            score += f" and diverges in {pick.fresh.diverged_count} of {pick.fresh.runs} runs"
        sentences.append(f"{format_params(pick.params)} ({name_roles(picks)}) scores {score}: {words}.")
    return sentences


def _stability(findings: Findings) -> list[str]:
    pick, count = findings.recommended_pick, len(findings.measurement.seeds)
    if pick is None or pick.tuned is None or math.isnan(pick.tuned.frequency):
        return []
    total = draws(count)
    chosen = round(pick.tuned.frequency * total)
    return [f"{chosen} of {total} draws of {count - 1} of the {count} tuning seeds choose the same setting."]


def _tolerance(findings: Findings) -> list[str]:
    """Return how far the score falls at other learning rates, and how often runs diverge there."""
    tolerance = findings.tolerance
    if tolerance is None:
        return []
    metric, parts = findings.fresh_metric, []
    for number, factor in enumerate(tolerance.factors):
        fall, fresh = tolerance.falls[number], tolerance.fresh[number]
        verbs = []
        if fall.value == 0:
            verbs.append("scores the same")
        elif not math.isnan(fall.value):
            is_fall = fall.value > 0
            size = format_size(metric, fall if is_fall else -fall)
            verbs.append(f"{'is worse by' if is_fall else 'is better by'} {size}")
        if fresh.diverged_count:
            verbs.append(f"diverges in {fresh.diverged_count} of {fresh.runs} runs")
        if verbs:
            name = FACTOR_NAMES.get(factor, f"{factor:g} times")
            parts.append(f"at {name} the lr it {' and '.join(verbs)}")
    sentences = [f"{part[0].upper()}{part[1:]}." for part in parts]
    if not math.isnan(tolerance.mean.value):
        sentences.append(f"The mean over these learning rates is {format_score(metric, tolerance.mean)}.")
    return sentences


def _space(findings: Findings) -> list[str]:
    """Return how much of the declared space is good, and which parameters matter."""
    sentences = []
    if findings.shares:
        share = findings.shares[1.0]
        sentences.append(
            f"Of the declared space, {format_share(share.low, share.high)} is within 1 point of the best."
        )
    if findings.band:
        sentences.append(f"Learning rates within 1 point of the best: {format_band(findings.band)}.")
    if findings.importance:
        shares = findings.importance.items()
        parts = [
            f"{name} {format_share(share.value)}" for name, share in shares if share.value >= LEAST_SHARE
        ]
        sentences.append(f"Of the variance of the scores, these explain: {', '.join(parts)}.")
    robust, count = findings.picks.get("robust"), len(findings.measurement.conditions)
    if robust and robust.tuned and count > 1:
        regret = format_difference(findings.measurement.metric, robust.tuned.regret)
        sentences.append(
            f"Over the {count} conditions, the robust pick falls at most {regret} below the best."
        )
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
