"""Make the report's tables: a study's settings, and the confirmed picks of all studies."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from sweeps.report.findings.joint import shared_metric
from sweeps.report.findings.pick import Pick
from sweeps.report.findings.roles import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import format_value
from sweeps.report.sentences.wording import (
    format_count,
    format_interval,
    format_mean,
    format_params,
    format_score,
    format_share,
    name_roles,
)
from sweeps.report.statistics.arrays import Index
from sweeps.report.statistics.intervals import Estimate


@dataclass(frozen=True)
class Table:
    """Rows of text under a title."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def settings_table(findings: Findings, is_narrow: bool = False) -> Table:
    """Return the settings by mean, best first. is_narrow: whether intervals are left out."""
    measurement = findings.measurement
    names = [axis.short for axis in measurement.axes]
    columns = ["trial", *names, "mean", "95 %", "sd", "worst", "diverged", "R", ""]
    if is_narrow or len(measurement.seeds) < 2:
        columns.remove("95 %")
    if np.isnan(findings.series.robustness).all():
        columns.remove("R")
    means = {index: setting.mean for index, setting in measurement.by_index.items()}
    order = sorted(means, key=lambda index: -measurement.metric.orient(means[index]))
    rows = [_setting_row(findings, index) for index in order]
    title = f"{measurement.study}: {measurement.metric.label}, {_name_repeats(findings)}"
    return Table(title, columns, list(map(itemgetter(*columns), rows)))


def confirmed_tables(studies: Sequence[Findings]) -> list[Table]:
    """Return a table of every pick on fresh seeds beside its tuning mean; none where no pick has any."""
    rows = []
    for findings in studies:
        rows += [_pick_row(findings, picks) for picks in group_picks(findings) if picks[0].fresh]
    if not rows:
        return []
    metric, objective = shared_metric(studies).label, studies[0].measurement.metric.label
    columns = ["study", "pick", "setting", "seeds", "score", "objective", "tuning", "diverged"]
    if metric == objective:
        columns.remove("objective")
    names = {"score": metric, "objective": f"{objective}, fresh"}
    title = f"The picks on fresh seeds: {metric} where they converge, how often they diverge"
    return [Table(title, [names.get(key, key) for key in columns], list(map(itemgetter(*columns), rows)))]


def _setting_row(findings: Findings, index: Index) -> dict[str, str]:
    measurement = findings.measurement
    setting = measurement.by_index[index]
    values = {}
    for axis in measurement.axes:
        # An adaptive search may leave a parameter out of a trial.
        is_set = axis.name in setting.params
        values[axis.short] = format_value(setting.params[axis.name]) if is_set else ""
    series, metric = findings.series, measurement.metric
    limits = Estimate(setting.mean, float(series.low[index]), float(series.high[index]))
    worst = min(metric.orient(value) for value in setting.values)
    return {
        "trial": str(setting.number),
        **values,
        "mean": format_mean(metric, setting.mean),
        # A setting with diverged runs has no interval.
        "95 %": "" if setting.diverged else format_interval(limits, 2 * metric.is_percent),
        "sd": "" if np.isnan(series.sd[index]) else f"{series.sd[index]:.2g}",
        "worst": format_mean(metric, metric.restore(worst)),
        "diverged": f"{setting.diverged}/{len(setting.runs)}",
        "R": format_mean(metric, float(series.robustness[index])),
        "": _marks(findings, index),
    }


def _pick_row(findings: Findings, picks: Sequence[Pick]) -> dict[str, str]:
    """Return the row of one setting's picks."""
    pick, metric, name = picks[0], findings.measurement.metric, name_roles(picks)
    assert pick.fresh is not None
    if findings.recommended_pick in picks:
        name += ", recommended"
    share = format_share(pick.fresh.diverged.low, pick.fresh.diverged.high)
    return {
        "study": findings.measurement.option,
        "pick": name,
        "setting": format_params(pick.params),
        "seeds": str(len(pick.fresh.values)),
        "score": format_score(findings.fresh_metric, pick.fresh.score),
        "objective": format_score(metric, pick.fresh.objective),
        "tuning": format_mean(metric, pick.tuned.mean.value) if pick.tuned else "",
        "diverged": f"{pick.fresh.diverged_count}/{pick.fresh.runs}, {share}",
    }


def _marks(findings: Findings, index: Index) -> str:
    """Return a setting's roles."""
    trial = findings.measurement.by_index[index].number
    roles = [role for role, pick in findings.picks.items() if pick.tuned and pick.tuned.trial == trial]
    return ", ".join(roles)


def _name_repeats(findings: Findings) -> str:
    seeds, conditions = len(findings.measurement.seeds), len(findings.measurement.conditions)
    if conditions > 1:
        return f"mean over {conditions} conditions and {format_count(seeds, 'seed')}"
    return f"mean over {format_count(seeds, 'run')}" if seeds > 1 else "one run each"
