"""Say what a sweep can't say, so that nobody reads it into the figures."""

from collections.abc import Sequence

from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import format_share

# The most failed trials whose reasons are written out.
MOST_REASONS = 5


def list_limits(studies: Sequence[Findings]) -> list[str]:
    """Return what the studies leave open, together and each."""
    sentences = []
    if len(studies) > 1:
        sentences.append("Which optimizer is easier to tune: that depends on the range given to each.")
    for findings in studies:
        sentences += _list_study_limits(findings)
    return sentences


def _list_study_limits(findings: Findings) -> list[str]:
    """Return what a study's search, its objectives and its failed trials leave open."""
    measurement, option = findings.measurement, findings.measurement.option
    sentences = []
    if not measurement.is_even:
        sentences.append(
            f"How much of the space is good for {option}, and which parameters matter: an adaptive search "
            "crowds its trials where it scored well."
        )
        count = sum(setting.state == "pruned" for setting in measurement.settings)
        if count and findings.tried is not None:
            sentences.append(
                f"{count} trials were pruned; their final scores are unknown. Of the settings tried, "
                f"{format_share(*findings.tried)} come within 1 point of the best."
            )
    if measurement.objectives > 1:
        sentences.append(
            f"{option} is ranked by the first of {measurement.objectives} objectives; "
            "the dashboard draws their Pareto front."
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
