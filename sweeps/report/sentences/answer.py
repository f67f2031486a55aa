"""Put a sweep's answer into the few lines that terminal, report and dashboard show first."""

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.verdict import compare_optimizers
from sweeps.report.sentences.wording import format_count, format_estimate, format_number, format_params


@dataclass(frozen=True)
class AnswerRow:
    """What to use of one optimizer."""

    # "sgd"
    option: str
    # "lr=0.3 momentum=0.9"; empty where nothing is recommended
    setting: str
    # "93.52 [93.14, 93.90]"; empty where nothing is recommended
    score: str
    # "half, double lr: 93.5, 93.5"; empty where they weren't trained
    tolerance: str = ""
    # sentences without a full stop: what widening brought, the config's own setting, caveats
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """What a sweep found, said shortly. Every text is one line, without a full stop but the advice."""

    # "sweeps: 44 settings x 3 seeds, 6 picks x 10 fresh seeds; 0 of 262 runs diverged"
    title: str
    # what the scores are: "test accuracy in % on fresh seeds, 95 % interval"
    note: str
    # one an optimizer
    rows: Sequence[AnswerRow]
    # which optimizers are told apart; empty of a single one
    verdicts: Sequence[str]
    # "Holds for mnist5k, mlp, 20 epochs, batch 256; sgd with plateau, adam with no scheduler"
    scope: str
    # one sentence: what to use
    advice: str
    # up to three for the first screen: what diverged, what the seeds tell apart, +- of the test images
    facts: Sequence[str] = ()


def compose_answer(studies: Sequence[Findings], joint: Joint) -> Answer:
    """Return the answer of a sweep, at whatever stage it is."""
    rows = [_row(findings) for findings in studies]
    return Answer(_title(studies), _note(studies), rows, compare_optimizers(joint), "", _advice(rows))


def _recommended(findings: Findings) -> Pick | None:
    return findings.picks.get("robust", findings.picks.get("peak"))


def _row(findings: Findings) -> AnswerRow:
    option, pick = findings.measurement.option, _recommended(findings)
    if pick is None:
        return AnswerRow(option, "", "")
    score = ""
    if pick.fresh:
        score = format_estimate(pick.fresh.score)
    elif pick.tuned:
        score = format_number(pick.tuned.mean.value)
    return AnswerRow(option, format_params(pick.params), score)


def _title(studies: Sequence[Findings]) -> str:
    settings = sum(len(findings.measurement.complete) for findings in studies)
    seeds = len(studies[0].measurement.seeds)
    name = studies[0].measurement.study.split("/")[0]
    return f"{name}: {format_count(settings, 'setting')} x {format_count(seeds, 'seed')}"


def _note(studies: Sequence[Findings]) -> str:
    metric = studies[0].fresh_metric
    if any(pick.fresh for findings in studies for pick in findings.picks.values()):
        return f"{metric.label} on fresh seeds, 95 % interval"
    return f"{metric.label} on the tuning seeds"


def _advice(rows: Sequence[AnswerRow]) -> str:
    settings = [f"{row.option} with {row.setting}" for row in rows if row.setting]
    return f"Use {' or '.join(settings)}." if settings else "Nothing is measured yet."
