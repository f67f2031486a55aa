"""Draw the best setting at each learning rate, of every optimizer."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.coverage import covering_studies, missing_coverage
from sweeps.report.figures.focus import focus
from sweeps.report.figures.main_axis import add_runs, converged_scores, main_axis, ticks, values_along
from sweeps.report.figures.style import axis_title, frame, line_style, parameter_axis
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import format_params

TITLE = "Best setting at each learning rate"
HOW_TO_READ = """
    At each learning rate the other parameters are those that did best with it on the tuning seeds. The lines
    are therefore a little too good. A wide plateau forgives a wrong learning rate.
"""


def missing(studies: Sequence[Findings]) -> str | None:
    """Return why there is no figure, or None."""
    axes = [main_axis(findings.measurement) for findings in covering_studies(studies)]
    names = {axis.short if axis else None for axis in axes}
    if len(names) > 1 or None in names:
        return "no parameter with an order is common to all studies"
    return missing_coverage(studies)


def draw(studies: Sequence[Findings]) -> go.Figure:
    """Draw a line per optimizer with all runs of its settings."""
    measurements = [findings.measurement for findings in covering_studies(studies)]
    axes = [axis for measurement in measurements if (axis := main_axis(measurement))]
    values: list[float] = []
    for measurement, axis in zip(measurements, axes, strict=True):
        values += ticks(measurement, axis)
    x = parameter_axis(axes[0], values)
    title = f"Best setting at each {axes[0].short}, over the other parameters"
    figure = frame(title, x, axis_title(measurements[0].metric.label), height=460)
    scores = []
    for number, (measurement, axis) in enumerate(zip(measurements, axes, strict=True)):
        settings = _best_settings(measurement, axis)
        scores.append(converged_scores(settings))
        x_values = values_along(axis, settings)
        figure.add_scatter(
            x=x_values,
            y=[setting.mean for setting in settings],
            name=measurement.option,
            line=line_style(number),
            text=[format_params(setting.params) for setting in settings],
            hovertemplate="%{text}<br>mean %{y:.2f}",
        )
        add_runs(figure, x_values, [setting.values for setting in settings], number, measurement.option)
    return focus(figure, scores, measurements[0].metric)


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
