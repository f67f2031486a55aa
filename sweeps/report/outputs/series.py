"""The numbers that the figures of a study are drawn from, for report.json."""

from collections.abc import Mapping
from typing import Any

from sweeps.report.figures.joint_plots import GAPS, best_curve, share_curve
from sweeps.report.findings.picked import near_means
from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import Measurement
from sweeps.report.statistics.conditions import regrets


def series(found: Findings) -> dict[str, Any]:
    """Arrays along the axes, or over the complete settings where there is no grid; null what is missing.

    mean and R, the neighbourhood means; conditions: each one's mean and regret. From settings that cover the
    space: best_of_k for k = 1..N, on the tuning seeds with limits and, if all are confirmed, on fresh ones;
    share_of_space: within each gap of the best, with limits.
    """
    measurement = found.measurement
    if not measurement.complete:
        return {}
    arrays = {"mean": measurement.scores.mean(axis=-1), "R": near_means(measurement)}
    return {**arrays, **_conditions(found), **(_of_space(measurement) if found.is_even else {})}


def _conditions(found: Findings) -> dict[str, Any]:
    measurement = found.measurement
    if len(measurement.conditions) < 2:
        return {}
    means = measurement.by_condition(measurement.scores).mean(axis=-1)
    regret = regrets(measurement.sign * means)
    each: Mapping[str, Any] = {
        label: {"mean": means[..., number], "regret": regret[..., number]}
        for number, label in enumerate(measurement.conditions)
    }
    return {"conditions": each}


def _of_space(measurement: Measurement) -> dict[str, Any]:
    means = measurement.sign * measurement.scores.mean(axis=-1)
    share, low, high = share_curve(measurement, means, None)
    shares = {"gap": GAPS, "share": share, "low": low, "high": high} if "%" in measurement.metric else {}
    return {"best_of_k": best_curve(measurement), "share_of_space": shares}
