"""Scores against the learning rate, or against the first parameter where no lr is searched."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.focus import focus
from sweeps.report.figures.style import DIVERGED, clear, colour, foot, frame, line, mark, plain, scale, titled
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params, Setting
from sweeps.report.sentences.wording import named


def main_axis(measurement: Measurement) -> Axis | None:
    """The axis that figures are drawn along: the learning rate, else the first with an order."""
    ordered = [axis for axis in measurement.axes if axis.ordered]
    return next((axis for axis in ordered if axis.short == "lr"), ordered[0] if ordered else None)


def score_by_lr(measurement: Measurement, picks: Mapping[str, Params]) -> go.Figure:
    """Every run's score: a line per choice of the other parameters, or points of a continuous space."""
    axis = _axis(measurement)
    title = f"{measurement.option}: every run's score by {axis.short}"
    figure = frame(title, scale(axis, *_values(measurement, axis)), titled(measurement.metric), height=520)
    _lines(figure, measurement, axis) if measurement.is_grid else _points(figure, measurement, axis)
    _add_diverged(figure, measurement, axis)
    _add_pruned(figure, measurement, axis)
    for role, params in picks.items():
        for setting in [s for s in measurement.complete if dict(s.params) == dict(params)][:1]:
            mark(figure, role, setting.params[axis.name], setting.mean)
    return focus(figure, [_told(measurement.complete)], measurement.sign)


def best_by_lr(measurements: Sequence[Measurement]) -> go.Figure:
    """Per optimizer the setting of the best mean at each learning rate, with all its runs."""
    axis = _axis(measurements[0])
    x = scale(axis, [v for m in measurements for v in _values(m, _axis(m))[0]])
    title = f"Best setting at each {axis.short}, over the other parameters"
    figure = frame(title, x, titled(measurements[0].metric), height=460)
    told: list[list[float]] = []
    for number, measurement in enumerate(measurements):
        best = _best_along(measurement, _axis(measurement))
        at = [setting.params[_axis(measurement).name] for setting in best]
        told.append(_told(best))
        figure.add_scatter(
            x=at,
            y=[setting.mean for setting in best],
            name=measurement.option,
            line=line(number),
            text=[named(setting.params) for setting in best],
            hovertemplate="%{text}<br>mean %{y:.2f}",
        )
        _add_runs(figure, at, [setting.values for setting in best], number, measurement.option)
    return focus(figure, told, measurements[0].sign)


def _lines(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    along = list(measurement.axes).index(axis)
    scores = np.moveaxis(measurement.scores, along, -2)
    finite = np.moveaxis(np.where(measurement.diverged, np.nan, measurement.scores), along, -2)
    others = [other for other in measurement.axes if other is not axis]
    for number, place in enumerate(np.ndindex(*scores.shape[:-2])):
        name = named({o.name: o.values[at] for o, at in zip(others, place, strict=True)}) or "mean"
        figure.add_scatter(
            x=list(axis.values),
            y=plain(scores[place].mean(axis=-1)),
            name=name,
            line=line(number),
            mode="lines",
            legendgroup=name,
            hovertemplate=f"{name}<br>{axis.short} %{{x:g}}<br>mean %{{y:.2f}}<extra></extra>",
        )
        runs = [row[~np.isnan(row)].tolist() for row in finite[place]]
        _add_runs(figure, axis.values, runs, number, name)


def _add_runs(
    figure: go.Figure, x: Sequence[Any], runs: Sequence[Sequence[float]], number: int, name: str
) -> None:
    """All runs as points, a line's a little beside the next's."""
    shift = 10 ** (0.012 * (number % 7 - 3))
    pairs = [(at * shift, value) for at, values in zip(x, runs, strict=True) for value in values]
    figure.add_scatter(
        x=[at for at, _ in pairs],
        y=[value for _, value in pairs],
        mode="markers",
        marker={"color": clear(colour(number), 0.55), "size": 6},
        showlegend=False,
        legendgroup=name,
        hovertemplate=f"{name}: one run %{{y:.2f}}<extra></extra>",
    )


def _points(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """The settings of a continuous space, coloured by the first parameter beside the main one."""
    shown = [s for s in measurement.complete if s.diverged < len(s.runs)]
    means = [s.mean for s in shown]
    figure.add_scatter(
        x=[s.params[axis.name] for s in shown],
        y=means,
        mode="markers",
        marker={"size": 9, "color": colour(0), **_coloured(measurement, axis, shown)},
        name="mean of a setting; the line spans its runs",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [max(s.values) - mean for s, mean in zip(shown, means, strict=True)],
            "arrayminus": [mean - min(s.values) for s, mean in zip(shown, means, strict=True)],
            "width": 0,
            "thickness": 1,
            "color": "#999999",
        },
        text=[f"trial {s.number}: {named(s.params)}" for s in shown],
        hovertemplate="%{text}<br>mean %{y:.2f}<extra></extra>",
    )


def _coloured(measurement: Measurement, axis: Axis, settings: Sequence[Setting]) -> dict[str, Any]:
    others = [other for other in measurement.axes if other is not axis and other.ordered]
    if not others or not settings:
        return {}
    other = others[0]
    values = [float(setting.params[other.name]) for setting in settings]
    return {
        "color": np.log10(values).tolist() if other.log else values,
        "colorscale": "Cividis",
        "colorbar": {
            "title": {"text": f"log10 {other.short}" if other.log else other.short, "side": "right"},
            "thickness": 12,
        },
    }


def _add_diverged(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """A cross at the frame's foot for each setting with diverged runs."""
    if found := [s for s in measurement.complete if s.diverged]:
        text = [f"{s.diverged} of {len(s.runs)} runs diverged: {named(s.params)}" for s in found]
        x = [s.params[axis.name] for s in found]
        foot(figure, x, text, DIVERGED, "diverged (drawn at the foot; scores chance)")


def _add_pruned(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """Where pruned trials stood when they were stopped: what they would have scored is unknown."""
    if found := [s for s in measurement.settings if s.state == "pruned" and s.last is not None]:
        figure.add_scatter(
            x=[s.params[axis.name] for s in found],
            y=[s.last for s in found],
            mode="markers",
            marker={"symbol": "triangle-up-open", "size": 9, "color": "#666666"},
            name="pruned: score when stopped, its end unknown",
            text=[f"trial {s.number}, stopped at step {s.last_step}: {named(s.params)}" for s in found],
            hovertemplate="%{text}<br>%{y:.2f}<extra></extra>",
        )


def _best_along(measurement: Measurement, axis: Axis) -> list[Setting]:
    """The best setting by mean at each value of an axis, of a continuous one in each half decade."""
    best: dict[float, Setting] = {}
    for setting in measurement.complete:
        at = near(axis, float(setting.params[axis.name]))
        if at not in best or measurement.sign * (setting.mean - best[at].mean) > 0:
            best[at] = setting
    return [best[at] for at in sorted(best)]


def near(axis: Axis, value: float) -> float:
    """The value that one of an axis is grouped under: itself, on a continuous log axis its half decade's."""
    if not (axis.continuous and axis.log):
        return value
    return float(10 ** ((np.floor(2 * np.log10(value)) + 0.5) / 2))


def _told(settings: Sequence[Setting]) -> list[float]:
    return [run.value for setting in settings for run in setting.runs.values() if not run.diverged]


def _axis(measurement: Measurement) -> Axis:
    axis = main_axis(measurement)
    assert axis is not None
    return axis


def _values(measurement: Measurement, axis: Axis) -> tuple[list[float], bool]:
    """The values that an axis shows, and whether its ends are edges of the search."""
    known = [float(value) for value in axis.values]
    tried = [float(setting.params[axis.name]) for setting in measurement.complete]
    return (known, axis.short == "lr") if not axis.continuous else ([*known, *tried], False)
