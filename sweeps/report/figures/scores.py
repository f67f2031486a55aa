"""Draw every run's score against the learning rate."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.focus import focus
from sweeps.report.figures.main_axis import add_runs, converged_scores, main_axis, ticks, values_along
from sweeps.report.figures.style import (
    DIVERGED,
    PALE,
    add_pick,
    axis_title,
    colour,
    error_bars,
    frame,
    line_style,
    parameter_axis,
    to_list,
)
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import format_params
from sweeps.report.statistics.intervals import Estimate

TITLE = "Score by learning rate"
HOW_TO_READ = """
    Every small point is one run. A line joins the means of settings that differ in the learning rate alone.
    A broad hill is robust; a narrow peak beside a cliff is not. A red cross at the foot is a setting with a
    diverged run. Where a line still climbs at an edge, the range was too narrow. An adaptive search crowds
    its trials where it scored well, so its points are no map of the space.
"""


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    if main_axis(findings.measurement) is None or not findings.measurement.complete:
        return "no setting is complete, or no parameter has an order"
    return None


def draw(findings: Findings) -> go.Figure:
    """Draw a line per choice of the other parameters, or the points of a continuous space."""
    measurement = findings.measurement
    axis = main_axis(measurement)
    assert axis is not None
    x = parameter_axis(axis, ticks(measurement, axis), axis.short == "lr" and not axis.continuous)
    title = f"{measurement.option}: every run's score by {axis.short}"
    figure = frame(title, x, axis_title(measurement.metric.label), height=520)
    if measurement.is_grid:
        _add_lines(figure, measurement, axis)
    else:
        _add_points(figure, measurement, axis)
    _add_diverged(figure, measurement, axis)
    _add_pruned(figure, measurement, axis)
    for role, pick in findings.picks.items():
        if pick.tuned:
            add_pick(figure, role, pick.params[axis.name], pick.tuned.mean.value)
    return focus(figure, [converged_scores(measurement.complete)], measurement.metric)


def _add_lines(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    along = list(measurement.axes).index(axis)
    scores = np.moveaxis(measurement.metric.restore(measurement.scores), along, -2)
    converged = np.where(np.moveaxis(measurement.diverged, along, -2), np.nan, scores)
    free_axes = [other for other in measurement.axes if other is not axis]
    for number, index in enumerate(np.ndindex(*scores.shape[:-2])):
        params = {other.name: other.values[i] for other, i in zip(free_axes, index, strict=True)}
        name = format_params(params) or "mean"
        figure.add_scatter(
            x=list(axis.values),
            y=to_list(scores[index].mean(axis=-1)),
            name=name,
            line=line_style(number),
            mode="lines",
            legendgroup=name,
            hovertemplate=f"{name}<br>{axis.short} %{{x:g}}<br>mean %{{y:.4g}}<extra></extra>",
        )
        runs = [row[~np.isnan(row)].tolist() for row in converged[index]]
        add_runs(figure, axis.values, runs, number, name)


def _add_points(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """Add the settings of a continuous space, coloured by the first parameter beside the main one."""
    settings = [setting for setting in measurement.complete if setting.diverged < len(setting.runs)]
    spans = [Estimate(setting.mean, min(setting.values), max(setting.values)) for setting in settings]
    figure.add_scatter(
        x=values_along(axis, settings),
        y=[setting.mean for setting in settings],
        mode="markers",
        marker={"size": 9, "color": colour(0), **_colour_by_parameter(measurement, axis, settings)},
        name="mean of a setting; the line spans its runs",
        error_y={**error_bars(spans), "width": 0, "thickness": 1, "color": PALE},
        text=[f"trial {setting.number}: {format_params(setting.params)}" for setting in settings],
        hovertemplate="%{text}<br>mean %{y:.4g}<extra></extra>",
    )


def _colour_by_parameter(measurement: Measurement, axis: Axis, settings: list[Setting]) -> dict[str, Any]:
    free_axes = [other for other in measurement.axes if other is not axis and other.ordered]
    if not free_axes or not settings:
        return {}
    name, values = free_axes[0].short, values_along(free_axes[0], settings)
    if free_axes[0].log:
        name, values = f"log10 {name}", np.log10(values).tolist()
    bar = {"title": {"text": name, "side": "right"}, "thickness": 12}
    return {"color": values, "colorscale": "Cividis", "colorbar": bar}


def _add_diverged(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """Add a cross at the frame's foot, whatever the y axis shows, for each setting with diverged runs."""
    settings = [setting for setting in measurement.complete if setting.diverged]
    if not settings:
        return
    figure.update_layout(
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True, "showgrid": False}
    )
    figure.add_scatter(
        x=values_along(axis, settings),
        y=[0.025] * len(settings),
        yaxis="y2",
        mode="markers",
        marker=DIVERGED,
        name="diverged (drawn at the foot; scores chance)",
        text=[f"{s.diverged} of {len(s.runs)} runs diverged: {format_params(s.params)}" for s in settings],
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )


def _add_pruned(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """Add where pruned trials stood when they were stopped: their final score is unknown."""
    settings = [s for s in measurement.settings if s.state == "pruned" and s.last is not None]
    if settings:
        steps = [f"trial {setting.number}, stopped at step {setting.last_step}" for setting in settings]
        figure.add_scatter(
            x=values_along(axis, settings),
            y=[setting.last for setting in settings],
            mode="markers",
            marker={"symbol": "triangle-up-open", "size": 9, "color": PALE},
            name="pruned: score when stopped",
            text=steps,
            hovertemplate="%{text}<br>%{y:.4g}<extra></extra>",
        )
