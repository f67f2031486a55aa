"""Put a sweep's answer into the few lines that terminal, report and dashboard show first."""

import math
from collections.abc import Sequence

from sweeps.report.conclusion import Answer, AnswerRow
from sweeps.report.findings.joint import Joint, shared_metric
from sweeps.report.findings.scope import scope, training_options
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.remarks import count_settings, list_remarks
from sweeps.report.sentences.verdict import advise, compare_optimizers
from sweeps.report.sentences.wording import (
    count_decimals,
    format_count,
    format_mean,
    format_number,
    format_params,
    format_score,
    join_words,
    name_factor,
)

# The most facts of the first screen.
MOST_FACTS = 3


def compose_answer(studies: Sequence[Findings], joint: Joint) -> Answer:
    """Return the answer of a sweep, at whatever stage it is."""
    verdicts = compare_optimizers(joint)
    return Answer(
        title=_title(studies),
        note=_note(studies),
        rows=list(map(_row, studies)),
        verdicts=verdicts,
        scope=describe_scope(studies),
        advice=advise(studies, joint),
        facts=[*verdicts, *_doubt_test_set(joint)][:MOST_FACTS],
    )


def _title(studies: Sequence[Findings]) -> str:
    """Return how much was trained, and how much of it diverged; settings times seeds add up to the runs."""
    first = studies[0].measurement
    conditions = len(first.conditions)
    finished_count = total = diverged = 0
    runs, fresh_runs = [], []
    for findings in studies:
        counts = count_settings(findings.measurement)
        finished_count, total = finished_count + counts[0], total + counts[1]
        fresh_settings = findings.measurement.confirmation.settings
        fresh_runs += [len(setting.runs) for setting in fresh_settings if setting.runs]
        for setting in [*findings.measurement.settings, *fresh_settings]:
            runs.append(len(setting.runs))
            diverged += setting.diverged
    settings = format_count(total, "setting")
    title = first.study.split("/")[0] + ": "
    title += settings if finished_count == total else f"{finished_count} of {settings}"
    title += f" x {format_count(len(first.seeds), 'seed')}"
    if conditions > 1:
        title += f" x {conditions} conditions"
    if fresh_runs:
        seeds = format_count(max(fresh_runs) // conditions, "fresh seed")
        title += f", then {format_count(len(fresh_runs), 'setting')} x {seeds}"
    title += f"; {diverged} of {format_count(sum(runs), 'run')} diverged"
    infeasible = sum(setting.is_infeasible for each in studies for setting in each.measurement.settings)
    if infeasible:
        verb = "exceeds its constraints and is" if infeasible == 1 else "exceed their constraints and are"
        title += f"; {format_count(infeasible, 'setting')} {verb} left out"
    return title


def _note(studies: Sequence[Findings]) -> str:
    """Return what the scores measure, which direction is better, and on which seeds."""
    first, metric = studies[0].measurement, shared_metric(studies)
    picks = [findings.recommended_pick for findings in studies]
    scores = [pick.fresh for pick in picks if pick and pick.fresh]
    seeds = "fresh seeds" if scores else format_count(len(first.seeds), "tuning seed")
    parts = [f"{metric.label} on {seeds}"]
    if metric.direction < 0:
        parts.append("lower is better")
    if len(first.conditions) > 1:
        parts.append(f"mean over {join_words(first.conditions)}")
    if any(score.diverged_count for score in scores):
        parts.append("of the runs that converge")
    if any(not math.isnan(score.score.low) for score in scores):
        parts.append("95 % interval")
    return ", ".join(parts)


def _row(findings: Findings) -> AnswerRow:
    pick, setting, score = findings.recommended_pick, "", ""
    if pick:
        setting = format_params(pick.params)
    if pick and pick.fresh:
        score = format_score(findings.fresh_metric, pick.fresh.score) or "diverged"
    elif pick and pick.tuned:
        score = format_mean(findings.measurement.metric, pick.tuned.mean.value)
    option = findings.measurement.option
    return AnswerRow(option, setting, score, _tolerance(findings), list_remarks(findings))


def _tolerance(findings: Findings) -> str:
    """Return what the setting scores at half and double its lr."""
    tolerance = findings.tolerance
    if tolerance is None:
        return ""
    assert findings.fresh
    decimals = 1 if findings.fresh_metric.is_percent else count_decimals(findings.fresh.score)
    scores = []
    for fresh in tolerance.fresh:
        scores.append(format_number(fresh.score.value, decimals) or "diverged")
    return f"{', '.join(map(name_factor, tolerance.factors))} lr: {', '.join(scores)}"


def describe_scope(studies: Sequence[Findings]) -> str:
    """Return what the answer holds for, and in what the studies differ; empty of another program's study."""
    scopes = []
    for findings in studies:
        config = findings.measurement.config
        scopes.append({**scope(config), **training_options(config)})
    constants: list[str] = []
    differences = []
    for key in dict.fromkeys(key for names in scopes for key in names):
        options: dict[str, list[str]] = {}
        for findings, names in zip(studies, scopes, strict=True):
            value = _name_value(key, names.get(key, f"no {key}"))
            options.setdefault(value, []).append(findings.measurement.option)
        parts = [f"{join_words(names)} with {value}" for value, names in options.items()]
        if len(options) == 1:
            constants += filter(None, options)
        else:
            differences.append(", ".join(parts))
    words = "; ".join(filter(None, [", ".join(constants), *differences]))
    return f"Holds for {words}" if words else ""


def _name_value(key: str, value: str) -> str:
    """Return a fixed value as the scope names it; empty for the usual precision."""
    if key == "scheduler" and value.startswith("Constant"):
        return "no scheduler"
    if value == "no loss":
        return "cross-entropy"
    if key == "epochs":
        return "1 epoch" if value == "1" else f"{value} epochs"
    if key == "batch_size":
        return f"batch {value}"
    return "" if value == "fp32" else value


def _doubt_test_set(joint: Joint) -> list[str]:
    """Return how much the test set leaves open."""
    sample = joint.test_sample
    if sample is None:
        return []
    accuracy = f"{sample.accuracy:.0f} % is known only to ± {sample.half_width:.1f} points"
    return [f"with {sample.images:,} test images, {accuracy}; no interval here includes that"]
