"""Draw the best setting at each learning rate, of every optimizer."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.coverage import covering_studies, missing_coverage
from sweeps.report.figures.focus import focus
from sweeps.report.figures.main_axis import add_runs, converged_scores, main_axis, ticks, values_along
from sweeps.report.figures.style import (
    RECOMMENDED,
    axis_title,
    colour,
    frame,
    line_style,
    parameter_axis,
    translucent,
)
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import format_params

TITLE = "Best setting at each learning rate"
HOW_TO_READ = """
    Each point is a run on the tuning seeds, with whatever else did best at its learning rate. The lines are
    therefore a little too good. Strips at the foot span what was searched, pale where it was widened. A broad
    hill forgives a wrong learning rate.
"""

# The height of a range's strip, as a share of the frame's.
STRIP = 0.018


def missing(studies: Sequence[Findings]) -> str | None:
    """Return why there is no figure, or None."""
    axes = [main_axis(findings.measurement) for findings in covering_studies(studies)]
    names = {axis.short if axis else None for axis in axes}
    if len(names) > 1 or None in names:
        return "no parameter with an order is common to all studies"
    return missing_coverage(studies)


def draw(studies: Sequence[Findings]) -> go.Figure:
    """Draw a line per optimizer with all runs of its settings, and mark what is recommended."""
    covering = covering_studies(studies)
    axes = [axis for findings in covering if (axis := main_axis(findings.measurement))]
    metric = covering[0].measurement.metric
    values: list[float] = []
    for findings, axis in zip(covering, axes, strict=True):
        values += ticks(findings.measurement, axis)
    title = f"Best score at each {axes[0].short}"
    figure = frame(title, parameter_axis(axes[0], values), axis_title(metric.label), height=440)
    scores = []
    for number, (findings, axis) in enumerate(zip(covering, axes, strict=True)):
        settings = _best_settings(findings.measurement, axis)
        scores.append(converged_scores(settings))
        _add_line(figure, findings.measurement.option, axis, settings, number)
        _add_strips(figure, axis, number)
    _add_recommended(figure, covering, axes)
    return focus(figure, scores, metric)


def _add_line(figure: go.Figure, option: str, axis: Axis, settings: Sequence[Setting], number: int) -> None:
    x = values_along(axis, settings)
    figure.add_scatter(
        x=x,
        y=[setting.mean for setting in settings],
        name=option,
        line=line_style(number),
        text=[format_params(setting.params) for setting in settings],
        hovertemplate="%{text}<br>mean %{y:.4g}",
    )
    add_runs(figure, x, [setting.values for setting in settings], number, option)


def _add_strips(figure: go.Figure, axis: Axis, number: int) -> None:
    """Add a strip over the searched values, opaque over the declared ones."""
    y = {"y0": number * STRIP, "y1": (number + 0.8) * STRIP, "yref": "y domain"}
    for values, opacity in ((axis.values, 0.4), (axis.declared, 0.9)):
        x = {"x0": float(values[0]), "x1": float(values[-1])}
        shade = translucent(colour(number), opacity)
        figure.add_shape(type="rect", **x, **y, fillcolor=shade, line={"width": 0}, layer="below")


def _add_recommended(figure: go.Figure, studies: Sequence[Findings], axes: Sequence[Axis]) -> None:
    x, y, text = [], [], []
    for findings, axis in zip(studies, axes, strict=True):
        pick = findings.recommended_pick
        if pick and pick.tuned:
            x.append(float(pick.params[axis.name]))
            y.append(pick.tuned.mean.value)
            text.append(f"{findings.measurement.option}: {format_params(pick.params)}")
    if x:
        style = {"name": "recommended", "marker": RECOMMENDED, "mode": "markers"}
        figure.add_scatter(x=x, y=y, text=text, hovertemplate="%{text}<br>mean %{y:.4g}", **style)


def _best_settings(measurement: Measurement, axis: Axis) -> list[Setting]:
    """Return the setting of the best mean at each value of an axis, or in each half decade."""
    best: dict[float, Setting] = {}
    for setting in measurement.complete:
        value = _bin_value(axis, float(setting.params[axis.name]))
        if value not in best or measurement.metric.orient(setting.mean - best[value].mean) > 0:
            best[value] = setting
    return [best[value] for value in sorted(best)]


def _bin_value(axis: Axis, value: float) -> float:
    """Return the value that one of an axis is grouped under: its half decade's where it is continuous."""
    if not (axis.continuous and axis.log):
        return value
    return float(10 ** ((np.floor(2 * np.log10(value)) + 0.5) / 2))
