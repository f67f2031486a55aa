"""Say what to take from a sweep: a line for each optimizer and one for all."""

import math
from collections.abc import Sequence

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.pick import Pick
from sweeps.report.findings.roles import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.headline import UNSETTLED, name_end
from sweeps.report.sentences.verdict import compare_optimizers
from sweeps.report.sentences.wording import (
    ROLE_NAMES,
    format_difference,
    format_interval,
    format_params,
    name_score,
)

CONFIG_SETTING = "the config's own setting"


def conclude(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """Return the setting to take of each study, and whether one's is better; empty if nothing is measured."""
    lines = [line for findings in studies if (line := _recommend(findings))]
    return [*lines, *compare_optimizers(joint)[:1]] if lines else []


def _recommend(findings: Findings) -> str:
    pick = findings.recommended_pick
    if pick is None or not (pick.fresh or pick.tuned):
        return ""
    name = f"{findings.measurement.option}: the {ROLE_NAMES[pick.role]}"
    setting = format_params(pick.params)
    if pick.fresh is None:
        return f"{name} is {setting}, chosen on the tuning seeds alone."
    if math.isnan(pick.fresh.score.value):
        return f"{name}, {setting}, diverges on the fresh seeds."
    score = name_score(findings.fresh_metric, pick.fresh.score)
    sentences = [f"{name}, {setting}, reaches {score}."]
    if findings.unsettled:
        sentences.append(UNSETTLED)
    for picks in group_picks(findings):
        sentences += _compare_with(findings, picks)
    return " ".join(sentences)


def _compare_with(findings: Findings, picks: Sequence[Pick]) -> list[str]:
    """Return how the robust pick compares with another setting; a peak that it equals is no news."""
    difference = findings.recommended_minus.get(picks[0].role)
    if difference is None or math.isnan(difference.low):
        return []
    is_default = any(pick.role == "default" for pick in picks)
    metric = findings.fresh_metric
    verdict = findings.verdicts[picks[0].role]
    if verdict != "better":
        phrase = "is equivalent to" if verdict == "equivalent" else "shows no distinguishable difference from"
        return [f"It {phrase} {CONFIG_SETTING}."] if is_default else []
    is_better = difference.value > 0
    size = difference if is_better else -difference
    comparison = f"It is {format_difference(metric, size.value)} {'better' if is_better else 'worse'}"
    return [f"{comparison} {format_interval(size)} than {_name_other(findings, picks)}."]


def _name_other(findings: Findings, picks: Sequence[Pick]) -> str:
    """Return the other setting's name: the peak pick, lr=0.1, at the largest lr searched."""
    if picks[0].role == "default":
        return CONFIG_SETTING
    name = f"the {ROLE_NAMES[picks[0].role]}, {format_params(picks[0].params)}"
    if len(picks) > 1:
        name += f" ({CONFIG_SETTING})"
    end = name_end(findings) if picks[0].role == "peak" else ""
    return f"{name}, at {end}" if end else name
