"""Make the report's tables: a study's settings, and the confirmed picks of all studies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.numbers import format_digits
from sweeps.report.findings.joint import shared_metric
from sweeps.report.findings.pick import Pick, group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import format_value
from sweeps.report.sentences.wording import (
    describe_gap,
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
    """Return the settings by mean, best first, without those beyond a constraint, which have no runs.

    is_narrow: whether intervals are left out.
    """
    measurement = findings.measurement
    indices = [index for index, setting in measurement.by_index.items() if setting.runs]
    order = sorted(indices, key=lambda index: -measurement.means[index])
    runs = format_count(len(measurement.replicates), "run")
    title = f"{measurement.study}: {measurement.metric.label}, mean over {runs}"
    return _table(title, [_setting_row(findings, index, is_narrow) for index in order])


def confirmed_tables(studies: Sequence[Findings]) -> list[Table]:
    """Return a table of every pick on fresh seeds beside its tuning mean; none where no pick has any."""
    rows = []
    for findings in studies:
        rows += [_pick_row(findings, picks) for picks in group_picks(findings.picks) if picks[0].fresh]
    metric = shared_metric(studies).label
    title = f"The picks on fresh seeds: {metric} where they converge, how often they diverge"
    return [_table(title, rows)] if rows else []


def _table(title: str, rows: Sequence[Mapping[str, str]]) -> Table:
    """Return rows by column, without the columns that are empty in all of them."""
    names = rows[0] if rows else ()
    columns = [name for name in names if any(row[name] for row in rows)]
    return Table(title, columns, [[row[name] for name in columns] for row in rows])


def _setting_row(findings: Findings, index: Index, is_narrow: bool) -> dict[str, str]:
    measurement = findings.measurement
    setting = measurement.by_index[index]
    values = {}
    for axis in measurement.axes:
        # An adaptive search may leave a parameter out of a trial.
        is_set = axis.name in setting.params
        values[axis.short] = format_value(setting.params[axis.name]) if is_set else ""
    series, metric = findings.series, measurement.metric
    limits = Estimate(setting.mean, float(series.low[index]), float(series.high[index]))
    picks = [pick for pick in findings.picks.values() if dict(pick.params) == dict(setting.params)]
    worst_score = min(metric.orient(value) for value in setting.values)
    return {
        "trial": str(setting.number),
        **values,
        "mean": format_mean(metric, setting.mean),
        # A setting with diverged runs has no interval.
        "95 %": "" if setting.diverged or is_narrow else format_interval(limits, 2 * metric.is_percent),
        "sd": "" if np.isnan(series.sd[index]) else format_digits(series.sd[index], 2),
        "worst": format_mean(metric, metric.orient(worst_score)),
        **_regrets(findings, index),
        "diverged": f"{setting.diverged}/{len(setting.runs)}",
        "R": format_mean(metric, float(series.robustness[index])),
        "": name_roles(picks) if picks else "",
    }


def _regrets(findings: Findings, index: Index) -> dict[str, str]:
    """Return how far a setting falls below the best under each of several conditions."""
    regrets = {}
    for condition, values in findings.series.regrets.items():
        regrets[f"regret, {condition}"] = format_digits(values[index], 2) if condition else ""
    return regrets


def _pick_row(findings: Findings, picks: Sequence[Pick]) -> dict[str, str]:
    """Return the row of one setting's picks."""
    pick, metric, name = picks[0], findings.measurement.metric, name_roles(picks)
    assert pick.fresh is not None
    if findings.recommended_pick in picks:
        name += ", recommended"
    gap = ""
    if pick.role in findings.verdicts:
        difference, verdict = findings.recommended_minus[pick.role], findings.verdicts[pick.role]
        gap = describe_gap(findings.fresh_metric, -difference, verdict, "it")
    share = format_share(pick.fresh.diverged.low, pick.fresh.diverged.high)
    return {
        "study": findings.measurement.option,
        "pick": name,
        "setting": format_params(pick.params),
        "seeds": str(len(pick.fresh.values)),
        "score": format_score(findings.fresh_metric, pick.fresh.score),
        "against the recommended one": gap,
        metric.label: "" if findings.fresh_metric == metric else format_score(metric, pick.fresh.objective),
        "tuning": format_mean(metric, pick.tuned.mean.value) if pick.tuned else "",
        "diverged": f"{pick.fresh.diverged_count}/{pick.fresh.runs}, {share}",
    }
