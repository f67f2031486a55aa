"""Say what limits a study's figures."""

import math

from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import format_difference, format_share

# The most failed trials whose reasons are written out, and the most trials of a Pareto front.
MOST_REASONS, MOST_TRIALS = 5, 10


def list_limits(findings: Findings) -> list[str]:
    """Return why the figures may not hold."""
    return [
        *_objectives(findings),
        *_adaptive(findings),
        *_seeds(findings),
        _counts(findings),
        *_list_failures(findings),
    ]


def _objectives(findings: Findings) -> list[str]:
    """Return the Pareto front's trials, where there are several objectives."""
    measurement = findings.measurement
    if measurement.objectives == 1:
        return []
    trials = ", ".join(map(str, measurement.front[:MOST_TRIALS])) or "none"
    rest_count = len(measurement.front) - MOST_TRIALS
    if rest_count > 0:
        trials += f" and {rest_count} more"
    return [f"Ranked by the first of {measurement.objectives} objectives. Pareto-optimal trials: {trials}."]


def _adaptive(findings: Findings) -> list[str]:
    sentences = []
    if not findings.measurement.is_even:
        sentences.append(
            "An adaptive search crowds its trials where it scored well. It can't say how much of the space "
            "is good, nor which parameters matter."
        )
        sentences += _pruned(findings)
    if findings.picks and "robust" not in findings.picks:
        sentences.append("No robust pick is named: no measured setting has measured neighbours on all sides.")
    return sentences


def _pruned(findings: Findings) -> list[str]:
    """Return what pruned trials leave open, as bounds."""
    pruned, bounds = findings.states.get("pruned", 0), findings.tried
    if not pruned or bounds is None:
        return []
    return [
        f"{pruned} trials were pruned; their final scores are unknown. Of the settings tried, "
        f"{format_share(*bounds)} come within 1 point of the best."
    ]


def _seeds(findings: Findings) -> list[str]:
    """Return how many seeds there are, and what they can tell apart."""
    count, metric = len(findings.measurement.seeds), findings.measurement.metric
    if count == 1:
        return ["One seed shows nothing of the noise: no two settings can be told apart."]
    peak = findings.picks.get("peak")
    if peak is None or peak.tuned is None or math.isnan(peak.tuned.mean.low):
        return []
    half_width = format_difference(metric, peak.tuned.mean.half_width)
    sentence = (
        f"With {count} seeds, a good setting's mean is known to ± {half_width}, the best-looking one's less "
        "well."
    )
    if math.isnan(findings.resolution):
        return [sentence]
    resolution = format_difference(metric, findings.resolution)
    return [f"{sentence} Two good settings, chosen beforehand, must differ by {resolution} to be told apart."]


def _counts(findings: Findings) -> str:
    states = ", ".join(f"{count} {state}" for state, count in findings.states.items())
    diverged = sum(setting.diverged for setting in findings.measurement.complete)
    runs = sum(len(setting.runs) for setting in findings.measurement.complete)
    return f"Trials: {states or 'none'}. {diverged} of {runs} finished runs diverged."


def _list_failures(findings: Findings) -> list[str]:
    failed = {setting.number for setting in findings.measurement.settings if setting.state == "fail"}
    reasons = []
    for trial, reason in findings.failures.items():
        if trial in failed:
            reasons.append(f"Trial {trial} failed: {reason}")
    if len(reasons) > MOST_REASONS:
        reasons[MOST_REASONS:] = [f"{len(reasons) - MOST_REASONS} more trials failed."]
    return reasons
