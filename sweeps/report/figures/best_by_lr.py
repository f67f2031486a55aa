"""Draw the best setting at each learning rate, of every optimizer."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.focus import focus
from sweeps.report.figures.lines import add_settings, converged_scores, main_axis, values_along
from sweeps.report.figures.style import add_marks, axis_title, colour, frame, parameter_axis, translucent
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import format_params

TITLE = "Best setting at each learning rate"
HOW_TO_READ = """
    Each point is a run on a tuning seed, with the best other parameters at its lr: a little too good.
    A circle may not be the best point: it holds better where lr is off. Strips: the lr searched, or widened.
"""

# The height of a range's strip, as a share of the frame's.
STRIP = 0.018


def missing(studies: Sequence[Findings]) -> str | None:
    """Return why there is no figure of studies that cover their spaces, or None."""
    axes = [main_axis(findings.measurement) for findings in studies]
    names = {axis.short if axis else None for axis in axes}
    if len(names) == 1 and None not in names:
        return None
    return "it needs grids, or evenly spread settings, of one parameter with an order, of which some converge"


def draw(studies: Sequence[Findings]) -> go.Figure:
    """Draw a line per optimizer with the runs of its settings, and mark what is recommended."""
    axes = [axis for findings in studies if (axis := main_axis(findings.measurement))]
    metric = studies[0].measurement.metric
    title = f"Best score at each {axes[0].short}"
    figure = frame(title, parameter_axis(axes), axis_title(metric.label), height=440)
    scores = []
    for number, (findings, axis) in enumerate(zip(studies, axes, strict=True)):
        settings = _best_settings(findings.measurement, axis)
        scores.append(converged_scores(settings))
        add_settings(figure, values_along(axis, settings), settings, number, findings.measurement.option)
        _add_strips(figure, axis, number)
    _add_recommended(figure, studies, axes)
    return focus(figure, scores, metric)


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
    add_marks(figure, "recommended", x, y, text)


def _best_settings(measurement: Measurement, axis: Axis) -> list[Setting]:
    """Return the setting of the best mean at each value of an axis, or in each half decade of a range."""
    by_value: dict[float, Setting] = {}
    for setting in sorted(measurement.complete, key=lambda setting: measurement.metric.orient(setting.mean)):
        value = float(setting.params[axis.name])
        if axis.continuous and axis.log:
            value = float(np.floor(2 * np.log10(value)))
        by_value[value] = setting  # the best comes last
    return [by_value[value] for value in sorted(by_value)]
