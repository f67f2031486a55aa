"""Say what someone must know of a recommended setting besides its score."""

import math
from typing import Any

from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.sentences.wording import (
    format_count,
    format_difference,
    format_gap,
    format_params,
    join_words,
)

# What is said of a study that recommends nothing, and what to do.
OUTCOMES = {
    "nothing measured": "no setting is measured yet",
    "all diverged": "every run diverged: search smaller learning rates",
    "learned nothing": "no run learned anything: check data, loss and model, or train longer",
}
# What the end of a range is called, and what lies beyond it.
ENDS = {"low end": ("smallest", "smaller"), "high end": ("largest", "larger")}

# Where the widening stopped although the best mean is at an end.
STOPS = {"rows": "extend allows", "limits": "lr_limits allow"}


def list_remarks(findings: Findings) -> list[str]:
    """Return what limits the recommended setting, what it was compared with, what isn't settled."""
    pick = findings.recommended_pick
    if pick is None:
        return [OUTCOMES[findings.outcome]]
    return [
        *list_caveats(findings, pick),
        *_widening(findings, pick),
        *_config(findings, pick),
        *_unsettled(findings),
    ]


def list_caveats(findings: Findings, pick: Pick) -> list[str]:
    """Return why the setting may not hold."""
    return [*_fresh_runs(findings, pick), *_caveat(findings)]


def is_usable(findings: Findings) -> bool:
    """Return whether there is a recommended setting that doesn't diverge on every fresh seed."""
    pick = findings.recommended_pick
    return pick is not None and (pick.fresh is None or not math.isnan(pick.fresh.score.value))


def count_settings(findings: Findings) -> tuple[int, int]:
    """Return how many settings are complete, and how many were begun or planned."""
    measurement = findings.measurement
    total = math.prod(measurement.shape) if measurement.is_grid else measurement.planned or 0
    complete = len(measurement.complete)
    return complete, max(total, complete)


def _fresh_runs(findings: Findings, pick: Pick) -> list[str]:
    """Return what is unusual about the runs on fresh seeds: the score alone doesn't show it."""
    fresh, wanted = pick.fresh, findings.measurement.confirmation.wanted
    if fresh is None:
        return []
    remarks = []
    if fresh.diverged_count:
        remarks.append(f"{fresh.diverged_count} of {fresh.runs} fresh runs diverged")
    if len(fresh.values) < wanted:
        remarks.append(f"{len(fresh.values)} of {wanted} fresh seeds so far")
    if fresh.runs > 1 and fresh.values.count(fresh.score.value) == len(fresh.values):
        remarks.append("the same on each seed")
    return remarks


def _caveat(findings: Findings) -> list[str]:
    """Return why the setting may not hold where the lr is off, or may not be the best."""
    assert findings.recommended
    measurement, caveat = findings.measurement, findings.recommended.caveat
    complete, total = count_settings(findings)
    remarks = [f"only {complete} of {total} settings ran to the end"] if complete < total else []
    if caveat in ENDS:
        remarks.append(f"at the end of the range: {ENDS[caveat][1]} learning rates were not searched")
    elif caveat == "unsound" and not measurement.is_even:
        remarks.append("an adaptive search doesn't show how it holds where lr is off")
    elif caveat == "unsound" and any(setting.diverged for setting in measurement.settings):
        remarks.append("runs at or beside it diverged")
    elif caveat == "unsound" and complete == total:
        remarks.append("no setting has an lr inside the range")
    elif findings.peak_end and measurement.widening.stopped in STOPS:
        end = ENDS[f"{findings.peak_end} end"][0]
        remarks.append(
            f"the best mean is still at the {end} lr: {STOPS[measurement.widening.stopped]} no more"
        )
    return remarks


def _widening(findings: Findings, pick: Pick) -> list[str]:
    """Return how far the learning rates were widened, and the gain, where the setting is out there."""
    axis = findings.measurement.lr
    if axis is None or pick.params[axis.name] not in axis.added:
        return []
    low, high, lr = axis.declared[0], axis.declared[-1], pick.params[axis.name]
    width = f"{high:g} to {axis.values[-1]:g}" if lr > high else f"{low:g} to {axis.values[0]:g}"
    remark = f"lr was widened from {width} ({format_count(count_added(findings.measurement), 'run')})"
    gain = _gain(findings, axis)
    if gain:
        remark += f": {gain} than the best inside {low:g} to {high:g}"
    return [remark]


def _gain(findings: Findings, axis: Axis) -> str:
    """Return how much better the setting is than every confirmed one of the declared learning rates."""
    gaps = []
    for role, gap in findings.recommended_minus.items():
        if axis.declared[0] <= findings.picks[role].params[axis.name] <= axis.declared[-1]:
            gaps.append(gap)
    if not gaps or not all(gap.low > 0 for gap in gaps):
        return ""
    least = min(gaps, key=lambda gap: gap.value)
    return format_gap(findings.fresh_metric, least).partition(" [")[0]


def count_runs(measurement: Measurement) -> int:
    """Return how many tuning runs are finished."""
    return sum(len(setting.runs) for setting in measurement.settings)


def count_added(measurement: Measurement) -> int:
    """Return how many of them the widening added."""
    return count_runs(measurement) - count_runs(measurement.declared())


def _config(findings: Findings, pick: Pick) -> list[str]:
    """Return how the setting compares with the config's own."""
    default = findings.picks.get("default")
    if default is None:
        return []
    if findings.recommended and findings.recommended.caveat == "config":
        return ["its config's own setting: none measured better"]
    if dict(default.params) == dict(pick.params):
        return ["its config's own setting"]
    gap, name = findings.recommended_minus.get("default"), f"its config, {_differing(default, pick)}"
    if gap is None or math.isnan(gap.low):
        return []
    metric = findings.fresh_metric
    if findings.verdicts["default"] == "equivalent":
        return [f"equal to {name}, within ± {format_difference(metric, metric.margin)}"]
    if findings.verdicts["default"] == "no difference":
        return [f"no difference found to {name}"]
    return [f"{format_gap(metric, gap)} than {name}"]


def _differing(default: Pick, pick: Pick) -> str:
    """Return those of the config's values that the recommended setting changes, lists in full."""
    by_list: dict[str, dict[str, Any]] = {}
    for key, value in default.params.items():
        by_list.setdefault(key.rstrip(".0123456789"), {})[key] = value
    changes: dict[str, Any] = {}
    for values in by_list.values():
        if not values.items() <= pick.params.items():
            changes |= values
    return format_params(changes)


def _unsettled(findings: Findings) -> list[str]:
    if findings.recommended and findings.recommended.role == "default":
        return []
    names = list(dict.fromkeys(name.split(".")[0] for name in findings.unsettled))
    return [f"{join_words(names)} could change with other seeds"] if names else []
