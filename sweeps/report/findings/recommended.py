"""Recommend one of a study's picks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sweeps.report.findings.fresh import fresh_metric
from sweeps.report.findings.pick import Pick
from sweeps.report.findings.picks import Picks
from sweeps.report.findings.robustness import lr_end
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.intervals import Estimate, mean_interval

Caveat = Literal["", "low end", "high end", "unsound", "config"]


@dataclass(frozen=True)
class Recommendation:
    """The setting to take."""

    role: str
    params: Params
    # What to know of it: it is the peak, at an end of the learning rates beyond which none were searched; the
    # peak, since no setting is robust; or the config's own, since nothing measured better.
    caveat: Caveat


def recommend(measurement: Measurement, picks: Picks) -> Recommendation | None:
    """Return what the tuning alone recommends: the robust pick, or else the peak.

    The peak too where it lies at an end of learning rates that could not be widened. None without picks.
    """
    if "peak" not in picks:
        return None
    peak = _recommend_peak(measurement, picks)
    if peak.caveat:
        return peak
    return Recommendation("robust", picks["robust"], "")


def recommend_confirmed(measurement: Measurement, by_role: Mapping[str, Pick]) -> Recommendation | None:
    """Step down from robust to peak to the config's own where fresh seeds show that the latter is better.

    by_role: the picks as measured.
    """
    picks, metric = {role: pick.params for role, pick in by_role.items()}, fresh_metric(measurement)
    recommendation = recommend(measurement, picks)
    if recommendation is None:
        return None
    candidates = [recommendation]
    if recommendation.role == "robust":
        candidates.append(_recommend_peak(measurement, picks))
    for candidate in candidates:
        if not _is_worse_than_default(metric, by_role, candidate.role):
            return candidate
    return Recommendation("default", picks["default"], "config")


def differences_to(metric: Metric, picks: Mapping[str, Pick], role: str) -> dict[str, Estimate]:
    """Return one pick's mean paired difference to each other setting, where both converge; above 0 is better.

    The intervals hold together, each at the level that this takes (Bonferroni).
    """
    pick = picks[role]
    other_picks = {name: other for name, other in picks.items() if dict(other.params) != dict(pick.params)}
    count = len({tuple(other.params.items()) for other in other_picks.values()})
    level = 1 - 0.05 / max(count, 1)
    differences = {}
    for name, other in other_picks.items():
        if pick.fresh and other.fresh:
            difference = metric.orient(pick.fresh.converged - other.fresh.converged)
            differences[name] = mean_interval(difference, level)
    return differences


def _recommend_peak(measurement: Measurement, picks: Picks) -> Recommendation:
    params = picks["peak"]
    caveat: Caveat = "" if "robust" in picks else "unsound"
    widening, end = measurement.widening, lr_end(measurement, params)
    # Limits that let no row be added leave the range as if widening were off.
    is_declared = not widening.extend or (widening.stopped == "limits" and not widening.rows)
    if end and is_declared:
        caveat = "low end" if end == "low" else "high end"
    return Recommendation("peak", params, caveat)


def _is_worse_than_default(metric: Metric, picks: Mapping[str, Pick], role: str) -> bool:
    """Return whether fresh seeds show the config's own setting to be better, or alone to converge."""
    pick, default = picks[role].fresh, picks.get("default")
    if default is None or default.fresh is None or pick is None:
        return False
    if np.isnan(pick.score.value):
        return not np.isnan(default.fresh.score.value)
    difference = differences_to(metric, picks, role).get("default")
    return difference is not None and difference.high < 0
