"""The figures that show all studies of a sweep together."""

from collections.abc import Sequence

import numpy as np

from sweeps.report.figures.fresh import Confirmed, forest, tuning_against_fresh
from sweeps.report.figures.plot import Plot, drawn, missing, unit
from sweeps.report.figures.score import best_by_lr, main_axis, near
from sweeps.report.figures.search import Estimates, Found, best_of_k, shares_of_space
from sweeps.report.figures.shares import Divergence, divergence_by_lr
from sweeps.report.findings.fresh import fresh_objective
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.risk import unseen_in_tuning
from sweeps.report.findings.seeds import by_seed
from sweeps.report.findings.study import Findings, share_limits
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import named
from sweeps.report.statistics.best_of_k import expected_best, expected_best_band, honest_best
from sweeps.report.statistics.intervals import clopper_pearson
from sweeps.report.statistics.robust import Floats

# Gaps to the best at which the share of the space is drawn, in percentage points.
GAPS = np.linspace(0, 5, 101)


def joint_plots(studies: Sequence[Findings], joint: Joint) -> list[Plot]:
    """All figures of a sweep that are not of one study alone."""
    begun = [found.measurement for found in studies if found.measurement.complete]
    covered = [found.measurement for found in studies if found.is_even and found.measurement.complete]
    adaptive = bool(begun) and not covered
    return [
        _best(covered, adaptive),
        _best_of_k(covered, adaptive),
        _shares(covered, adaptive),
        _divergence(begun),
        _fresh(studies),
        drawn("differences", forest(joint.comparisons, joint.unit))
        if joint.comparisons
        else missing("differences"),
    ]


def _best(measurements: Sequence[Measurement], adaptive: bool) -> Plot:
    axes = [main_axis(measurement) for measurement in measurements]
    if len({axis.short if axis else None for axis in axes} - {None}) != 1 or None in axes:
        return missing("best", adaptive)
    return drawn("best", best_by_lr(measurements))


def _best_of_k(measurements: Sequence[Measurement], adaptive: bool) -> Plot:
    if not measurements:
        return missing("best-of-k", adaptive)
    curves = {measurement.option: best_curve(measurement) for measurement in measurements}
    return drawn("best-of-k", best_of_k(curves, measurements[0].metric))


def best_curve(measurement: Measurement) -> Found:
    """Expected best of k settings, in the objective's unit; on fresh seeds where all are confirmed."""
    sign = measurement.sign
    means = sign * measurement.scores.mean(axis=-1)
    band = expected_best_band(*by_seed(measurement), unseen_in_tuning(measurement))
    expected, low, high = sign * expected_best(means), sign * band.low, sign * band.high
    confirmed = np.array([_fresh_mean(measurement, place) for place in measurement.places])
    if np.isnan(confirmed).any():
        return Found(expected, low, high)
    tuning = np.array([means[place] for place in measurement.places])
    return Found(expected, low, high, sign * honest_best(tuning, sign * confirmed))


def _fresh_mean(measurement: Measurement, place: tuple[int, ...]) -> float:
    values = fresh_objective(measurement, measurement.places[place].params)
    return float(values.mean()) if len(values) else float("nan")


def _shares(measurements: Sequence[Measurement], adaptive: bool) -> Plot:
    shown = [measurement for measurement in measurements if "%" in measurement.metric]
    if not shown:
        return missing("shares", adaptive)
    means = {m.option: m.sign * m.scores.mean(axis=-1) for m in shown}
    top = max(float(np.nanmax(values)) for values in means.values())
    own = {m.option: share_curve(m, means[m.option], None) for m in shown}
    common = {m.option: share_curve(m, means[m.option], top) for m in shown}
    return drawn("shares", shares_of_space(GAPS.tolist(), own, common, unit(shown[0])))


def share_curve(measurement: Measurement, means: Floats, best: float | None) -> Estimates:
    """Share of the space within each of GAPS of the best, its lower and its upper limit: (3, gaps)."""
    return np.array([share_limits(measurement, means, float(gap), best) for gap in GAPS]).T


def _divergence(measurements: Sequence[Measurement]) -> Plot:
    shown = [m for m in measurements if main_axis(m)]
    if not any(setting.diverged for measurement in shown for setting in measurement.complete):
        return missing("divergence")
    axis = main_axis(shown[0])
    assert axis is not None
    return drawn("divergence", divergence_by_lr(axis, {m.option: _diverged(m) for m in shown}))


def _diverged(measurement: Measurement) -> list[Divergence]:
    axis = main_axis(measurement)
    assert axis is not None
    groups: dict[float, list[Setting]] = {}
    for setting in measurement.complete:
        groups.setdefault(near(axis, float(setting.params[axis.name])), []).append(setting)
    points = []
    for value, settings in sorted(groups.items()):
        count, total = sum(s.diverged for s in settings), sum(len(s.runs) for s in settings)
        points.append(Divergence(value, count, total, clopper_pearson(count, total)))
    return points


def _fresh(studies: Sequence[Findings]) -> Plot:
    confirmed = [
        Confirmed(
            found.measurement.option, role, named(pick.params), pick.tuned.mean.value, pick.fresh.objective
        )
        for found in studies
        for role, pick in found.picks.items()
        if pick.tuned and pick.fresh
    ]
    if not confirmed:
        return missing("fresh")
    return drawn("fresh", tuning_against_fresh(confirmed, studies[0].measurement.metric))
