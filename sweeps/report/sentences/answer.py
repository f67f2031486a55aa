"""Put a sweep's answer into the few lines that terminal, report and dashboard show first."""

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.report.findings.joint import Joint, shared_metric
from sweeps.report.findings.scope import scope
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.remarks import count_settings, list_remarks
from sweeps.report.sentences.verdict import advise, compare_optimizers
from sweeps.report.sentences.wording import (
    FACTOR_NAMES,
    count_decimals,
    format_count,
    format_mean,
    format_number,
    format_params,
    format_score,
    join_words,
)


@dataclass(frozen=True)
class AnswerRow:
    """What to use of one optimizer."""

    # "sgd"
    option: str
    # "lr=0.3 momentum=0.9"; empty where nothing is recommended
    setting: str
    # "93.52 [93.14, 93.90]", or "diverged"; empty where nothing is recommended
    score: str
    # "half, double lr: 93.5, 93.5"; empty where they weren't trained
    tolerance: str = ""
    # the most important first, without a full stop: what widening brought, the config's own setting, caveats
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """What a sweep found, said shortly. Every text is one line, without a full stop but the advice."""

    # "sweeps: 54 settings x 3 seeds, then 10 settings x 10 fresh seeds; 0 of 262 runs diverged"
    title: str
    # what the scores are: "test accuracy in % on fresh seeds, 95 % interval"
    note: str
    # one an optimizer
    rows: Sequence[AnswerRow]
    # which optimizers are told apart; empty of a single one
    verdicts: Sequence[str]
    # "Holds for mnist5k, mlp, 20 epochs, batch 256; sgd with ReduceLROnPlateau, adam with no scheduler"
    scope: str
    # one sentence: what to use, or what to do first
    advice: str
    # for the first screen: what diverged, the verdicts, +- of the test images
    facts: Sequence[str] = ()


def compose_answer(studies: Sequence[Findings], joint: Joint) -> Answer:
    """Return the answer of a sweep, at whatever stage it is."""
    return Answer(
        title=_title(studies),
        note=_note(studies),
        rows=[_row(findings, is_confirmed(studies)) for findings in studies],
        verdicts=compare_optimizers(studies, joint),
        scope=_scope(studies),
        advice=advise(studies, joint),
        facts=_facts(studies, joint),
    )


def _title(studies: Sequence[Findings]) -> str:
    """Return how much was trained; settings times seeds add up to the runs."""
    first = studies[0].measurement
    conditions = len(first.conditions)
    repeats = format_count(len(first.seeds), "seed")
    if conditions > 1:
        repeats += f" x {conditions} conditions"
    complete = total = 0
    for findings in studies:
        counts = count_settings(findings)
        complete, total = complete + counts[0], total + counts[1]
    settings = format_count(total, "setting")
    if complete < total:
        settings = f"{complete} of {settings}"
    title = f"{first.study.split('/')[0]}: {settings} x {repeats}"
    runs = [len(s.runs) for f in studies for s in f.measurement.confirmation.settings if s.runs]
    if runs:
        seeds = format_count(max(runs) // conditions, "fresh seed")
        title += f", then {format_count(len(runs), 'setting')} x {seeds}"
    return f"{title}; {count_diverged(studies)}"


def count_diverged(studies: Sequence[Findings]) -> str:
    """Return how many of all finished runs diverged: 0 of 262 runs diverged."""
    runs = diverged = 0
    for findings in studies:
        for setting in [*findings.measurement.settings, *findings.measurement.confirmation.settings]:
            runs += len(setting.runs)
            diverged += setting.diverged
    return f"{diverged} of {format_count(runs, 'run')} diverged"


def _note(studies: Sequence[Findings]) -> str:
    """Return what the scores measure, which direction is better, and on which seeds."""
    first, metric = studies[0].measurement, shared_metric(studies)
    has_fresh = is_confirmed(studies)
    parts = [f"{metric.label} on fresh seeds" if has_fresh else metric.label]
    if metric.direction < 0:
        parts.append("lower is better")
    if first.objectives > 1:
        parts.append(f"the first of {first.objectives} objectives")
    if len(first.conditions) > 1:
        parts.append(f"mean over {join_words(first.conditions)}")
    picks = [findings.recommended_pick for findings in studies]
    if any(pick and pick.fresh and pick.fresh.diverged_count for pick in picks):
        parts.append("of the runs that converge")
    if has_fresh:
        parts.append("95 % interval")
    elif any(picks):
        seeds = len(first.seeds)
        parts.append(f"mean of {seeds} tuning seeds" if seeds > 1 else "one run a setting")
        parts.append("the best of many looks too good")
    return ", ".join(parts)


def is_confirmed(studies: Sequence[Findings]) -> bool:
    """Return whether anything that is recommended was trained on fresh seeds."""
    return any(findings.recommended_pick and findings.recommended_pick.fresh for findings in studies)


def _row(findings: Findings, has_fresh: bool) -> AnswerRow:
    """Return a study's row. has_fresh: whether other rows have scores of fresh seeds."""
    pick, remarks = findings.recommended_pick, list_remarks(findings)
    if pick is None:
        return AnswerRow(findings.measurement.option, "", "", remarks=remarks)
    score = ""
    if pick.fresh:
        score = format_score(findings.fresh_metric, pick.fresh.score) or "diverged"
    elif pick.fresh is None and pick.tuned:
        score = format_mean(findings.measurement.metric, pick.tuned.mean.value)
        if has_fresh:
            remarks.insert(0, "on the tuning seeds alone")
    setting = format_params(pick.params) or "the config's own setting"
    return AnswerRow(findings.measurement.option, setting, score, _tolerance(findings), remarks)


def _tolerance(findings: Findings) -> str:
    """Return what the setting scores at half and double its lr."""
    tolerance = findings.tolerance
    if tolerance is None:
        return ""
    names, scores = [], []
    for factor, fresh in zip(tolerance.factors, tolerance.fresh, strict=True):
        decimals = 1 if findings.fresh_metric.is_percent else count_decimals(fresh.score)
        names.append(FACTOR_NAMES.get(factor, f"{factor:g} x"))
        scores.append(format_number(fresh.score.value, decimals) or "diverged")
    return f"{', '.join(names)} lr: {', '.join(scores)}"


def _scope(studies: Sequence[Findings]) -> str:
    """Return what the answer holds for, and in what the studies differ; empty of another program's study."""
    constants: list[str] = []
    differences = []
    for key in scope(studies[0].measurement.config):
        options: dict[str, list[str]] = {}
        for findings in studies:
            value = _name_value(key, scope(findings.measurement.config).get(key, "none"))
            options.setdefault(value, []).append(findings.measurement.option)
        if len(options) == 1:
            constants += options
        else:
            differences.append(
                ", ".join(f"{join_words(names)} with {value}" for value, names in options.items())
            )
    words = "; ".join(filter(None, [", ".join(filter(None, constants)), *differences]))
    return f"Holds for {words}" if words else ""


def _name_value(key: str, value: str) -> str:
    """Return a fixed value as the scope names it; empty for the usual precision."""
    if key == "scheduler" and value.startswith("Constant"):
        return "no scheduler"
    patterns = {"epochs": "{} epochs", "batch_size": "batch {}"}
    return "" if value == "fp32" else patterns.get(key, "{}").format(value)


def _facts(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return what diverged, what the fresh seeds tell apart, and what the test images leave open."""
    facts = [count_diverged(studies), *compare_optimizers(studies, joint)]
    if joint.test_sample:
        sample = joint.test_sample
        accuracy = f"{sample.accuracy:.0f} % is known only to ± {sample.half_width:.1f} points"
        facts.append(f"with {sample.images:,} test images, {accuracy}")
    return facts
