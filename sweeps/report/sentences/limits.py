"""Say what a sweep can't say, so that nobody reads it into the figures."""

from collections.abc import Sequence

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.scope import scope
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import format_share, join_words

# The most failed trials whose reasons are written out, and the most trials of a Pareto front.
MOST_REASONS, MOST_TRIALS = 5, 10


def list_limits(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return what the studies leave open, together and each."""
    sentences = [
        "What holds elsewhere: every figure here is of this data set, model, budget and searched space.",
        *_doubt_test_set(joint),
    ]
    if len(studies) > 1:
        sentences += _list_confounders(studies)
        sentences.append(
            "Which optimizer is easier to tune: that depends on the ranges chosen for each study."
        )
    for findings in studies:
        sentences += _list_study_limits(findings)
    return sentences


def _list_confounders(studies: Sequence[Findings]) -> list[str]:
    """Return in what the studies differ besides: scheduler (sgd ReduceLROnPlateau, adam ConstantLR)."""
    sentences = []
    scopes = {findings.measurement.option: scope(findings.measurement.config) for findings in studies}
    for key in next(iter(scopes.values())):
        values = [f"{option} {values.get(key, 'none')}" for option, values in scopes.items()]
        if len({values.get(key) for values in scopes.values()}) > 1:
            listing = ", ".join(values)
            sentences.append(f"What the optimizer alone does: the studies also differ in {key} ({listing}).")
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


def _list_study_limits(findings: Findings) -> list[str]:
    """Return what a study's search, its objectives and its failed trials leave open."""
    measurement, option = findings.measurement, findings.measurement.option
    sentences = []
    if not measurement.is_even:
        sentences.append(
            f"How much of the space is good for {option}, and which parameters matter: an adaptive search "
            "crowds its trials where it scored well."
        )
        pruned = sum(setting.state == "pruned" for setting in measurement.settings)
        if pruned and findings.tried is not None:
            sentences.append(
                f"{pruned} trials were pruned; their final scores are unknown. Of the settings tried, "
                f"{format_share(*findings.tried)} come within 1 point of the best."
            )
    if measurement.objectives > 1:
        trials = list(map(str, measurement.front))
        if len(trials) > MOST_TRIALS:
            trials[MOST_TRIALS:] = [f"{len(trials) - MOST_TRIALS} more"]
        front = join_words(trials) if trials else "none"
        sentences.append(
            f"{option} is ranked by the first of {measurement.objectives} objectives. "
            f"Pareto-optimal trials: {front}."
        )
    return [*sentences, *_list_failures(findings)]


def _list_failures(findings: Findings) -> list[str]:
    reasons = []
    for setting in findings.measurement.settings:
        if setting.state == "fail" and setting.reason:
            reasons.append(f"{findings.measurement.option}, trial {setting.number} failed: {setting.reason}")
    if len(reasons) > MOST_REASONS:
        reasons[MOST_REASONS:] = [f"{len(reasons) - MOST_REASONS} more trials failed."]
    return reasons
