"""Say what someone must know of a recommended setting besides its score."""

import math

from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import Measurement
from sweeps.report.sentences.wording import (
    describe_gap,
    format_count,
    format_gap,
    format_params,
    format_span,
    join_words,
)

SMALLER = "search smaller learning rates"
# What to do about a study that has no usable setting.
OUTCOMES = {
    "nothing measured": "no setting is measured yet",
    "all diverged": f"every run diverged: {SMALLER}",
    "learned nothing": "no run learned anything: check data, loss and model, or train longer",
    "measured": f"what the tuning recommends diverges on every fresh seed: {SMALLER}",
}
# Why a setting may not be the best, or may not hold where its lr is off.
CAVEATS = {
    "low end": "at the end of the range: smaller learning rates were not searched",
    "high end": "at the end of the range: larger learning rates were not searched",
    "adaptive": "an adaptive search doesn't show how it holds where lr is off",
    "adaptive without lr": "an adaptive search doesn't show how the settings near it score",
    "unsound": "no setting inside the range is clear of diverged and missing runs",
}
EXCEEDS = "exceeds its constraints on fresh seeds"
TUNING_ONLY = "chosen on the tuning seeds alone: the best of many looks too good"
# The lr at an end of the range, and why the widening stopped there.
ENDS = {"low": "smallest", "high": "largest"}
STOPS = {"rows": "extend allows", "limits": "lr_limits allow"}


def describe_outcome(findings: Findings) -> str:
    """Return what to do about a study that has no usable setting."""
    if _exceeds_on_fresh_seeds(findings):
        return f"what the tuning recommends {EXCEEDS}"
    settings = findings.measurement.settings
    if findings.outcome == "nothing measured" and any(setting.is_infeasible for setting in settings):
        return "every setting that ran to the end exceeds its constraints"
    outcome = OUTCOMES[findings.outcome]
    return outcome if findings.measurement.lr else outcome.removesuffix(f": {SMALLER}")


def list_remarks(findings: Findings) -> list[str]:
    """Return what limits the recommended setting, what it was compared with, what isn't settled."""
    if findings.recommended is None:
        return [describe_outcome(findings)]
    return [*list_caveats(findings), *_widening(findings), *_config(findings), *_open_choices(findings)]


def list_caveats(findings: Findings) -> list[str]:
    """Return why the recommended setting may not hold, or may not be the best."""
    assert findings.recommended
    measurement, caveat = findings.measurement, findings.recommended.caveat
    remarks = _fresh_runs(findings)
    complete, total = count_settings(measurement)
    if complete < total:
        remarks.append(f"only {complete} of {total} settings ran to the end")
    if caveat == "unsound" and not measurement.is_even:
        remarks.append(CAVEATS["adaptive" if measurement.lr else "adaptive without lr"])
    elif caveat in CAVEATS:
        remarks.append(CAVEATS[caveat])
    elif findings.peak_end and measurement.widening.stopped in STOPS:
        end, stop = ENDS[findings.peak_end], STOPS[measurement.widening.stopped]
        remarks.append(f"the best mean is still at the {end} lr: {stop} no more")
    if _exceeds_on_fresh_seeds(findings):
        return [EXCEEDS, *remarks]
    pick = findings.recommended_pick
    return remarks if pick and pick.fresh else [*remarks, TUNING_ONLY]


def is_usable(findings: Findings) -> bool:
    """Return whether a setting is recommended that neither diverges nor is infeasible on fresh seeds."""
    pick = findings.recommended_pick
    if pick is None or _exceeds_on_fresh_seeds(findings):
        return False
    return pick.fresh is None or not math.isnan(pick.fresh.score.value)


def _exceeds_on_fresh_seeds(findings: Findings) -> bool:
    """Return whether the recommended setting ended beyond a constraint where it was confirmed."""
    pick = findings.recommended_pick
    confirmed = findings.measurement.confirmation.of(pick.params) if pick else None
    return confirmed is not None and confirmed.is_infeasible


def count_settings(measurement: Measurement) -> tuple[int, int]:
    """Return how many settings are complete, and how many were begun or planned."""
    total = math.prod(measurement.shape) if measurement.is_grid else measurement.planned or 0
    complete = len(measurement.complete)
    return complete, max(total, complete)


def count_added(measurement: Measurement) -> int:
    """Return how many tuning runs the widening added."""
    return len(measurement.runs) - len(measurement.declared().runs)


def _fresh_runs(findings: Findings) -> list[str]:
    """Return what is unusual about the runs on fresh seeds: the score alone doesn't show it."""
    pick, seeds = findings.recommended_pick, findings.measurement.confirmation.wanted
    if pick is None or pick.fresh is None:
        return []
    fresh, remarks = pick.fresh, []
    if fresh.diverged_count:
        remarks.append(f"{fresh.diverged_count} of {fresh.runs} fresh runs diverged")
    if len(fresh.values) < seeds:
        remarks.append(f"{len(fresh.values)} of {seeds} fresh seeds so far")
    if fresh.runs > 1 and fresh.values.count(fresh.score.value) == len(fresh.values):
        remarks.append("the same on each seed")
    return remarks


def _widening(findings: Findings) -> list[str]:
    """Return how far the learning rates were widened, and the gain, where the setting is out there."""
    axis, recommended = findings.measurement.lr, findings.recommended
    if axis is None or recommended is None or recommended.params[axis.name] not in axis.added:
        return []
    low, high, lr = axis.declared[0], axis.declared[-1], recommended.params[axis.name]
    width = format_span(high, axis.values[-1]) if lr > high else format_span(low, axis.values[0])
    remark = f"lr was widened from {width} ({format_count(count_added(findings.measurement), 'run')})"
    gaps = []
    for role, gap in findings.recommended_minus.items():
        if findings.picks[role].params[axis.name] not in axis.added:
            gaps.append(gap)
    if gaps and all(gap.low > 0 for gap in gaps):
        gain = format_gap(findings.fresh_metric, min(gaps, key=lambda gap: gap.value)).partition(" [")[0]
        remark += f": {gain} than the best inside {format_span(low, high)}"
    return [remark]


def _config(findings: Findings) -> list[str]:
    """Return how the setting compares with the config's own."""
    default, recommended = findings.picks.get("default"), findings.recommended
    if default is None or recommended is None or not findings.measurement.axes:
        return []
    if recommended.caveat == "config":
        return ["its config's own setting: none measured better"]
    values = recommended.params
    changes = {key: value for key, value in default.params.items() if values.get(key) != value}
    if "default" not in findings.verdicts:
        return [] if changes else ["its config's own setting"]
    gap, verdict = findings.recommended_minus["default"], findings.verdicts["default"]
    changed_lists = {name for key in changes if (name := _list_of(key))}
    # Of a list all that the setting names: betas=0.9,0.999, not betas.1=0.999.
    params = {
        key: value
        for key, value in default.params.items()
        if key in changes or _list_of(key) in changed_lists
    }
    words = describe_gap(findings.fresh_metric, gap, verdict, f"its config, {format_params(params)}")
    return [words] if words else []


def _list_of(key: str) -> str:
    """Return the list that a dotted key names an element of; empty for any other key."""
    name, _, number = key.rpartition(".")
    return name if number.isdigit() else ""


def _open_choices(findings: Findings) -> list[str]:
    if findings.recommended and findings.recommended.role == "default":
        return []
    names = list(dict.fromkeys(name.split(".")[0] for name in findings.unsettled))
    return [f"{join_words(names)} could change with other seeds"] if names else []
