"""Draw every run's score against the learning rate."""

import plotly.graph_objects as go

from sweeps.numbers import format_digits
from sweeps.report.figures.focus import focus
from sweeps.report.figures.lines import add_settings, converged_scores, main_axis, values_along
from sweeps.report.figures.style import add_marks, axis_title, frame, parameter_axis
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import format_params

TITLE = "Score by learning rate"
HOW_TO_READ = """
    Every small point is one run. A line joins the means of settings that differ in the learning rate alone. A
    broad hill is robust; a narrow peak beside a cliff is not. A red cross at the foot is a setting with a
    diverged run. A continuous space has no lines. An adaptive search crowds its trials where it scored well.
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
    title = f"{measurement.option}: every run's score by {axis.short}"
    figure = frame(title, parameter_axis([axis]), axis_title(measurement.metric.label), height=520)
    for number, (name, settings) in enumerate(_lines(measurement, axis).items()):
        mode = None if measurement.is_grid else "markers"
        add_settings(figure, values_along(axis, settings), settings, number, name, mode=mode)
    _add_diverged(figure, measurement, axis)
    _add_pruned(figure, measurement, axis)
    for role, pick in findings.picks.items():
        if pick.tuned:
            x, y = [pick.params[axis.name]], [pick.tuned.mean.value]
            add_marks(figure, role, x, y, [format_params(pick.params)])
    return focus(figure, [converged_scores(measurement.complete)], measurement.metric)


def _lines(measurement: Measurement, axis: Axis) -> dict[str, list[Setting]]:
    """Return the settings that differ along an axis alone, by what they share; all of a continuous space."""
    lines: dict[str, list[Setting]] = {}
    for index in sorted(measurement.by_index):
        setting = measurement.by_index[index]
        params = dict(setting.params) if measurement.is_grid else {}
        params.pop(axis.name, None)
        lines.setdefault(format_params(params) or "mean", []).append(setting)
    return lines


def _add_diverged(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """Add a cross at the frame's foot, whatever the y axis shows, for each setting with diverged runs."""
    settings = [setting for setting in measurement.complete if setting.diverged]
    text = [f"{s.diverged} of {len(s.runs)} runs diverged: {format_params(s.params)}" for s in settings]
    foot = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True, "showgrid": False}
    figure.update_layout(yaxis2=foot)
    x, y = values_along(axis, settings), [0.025] * len(settings)
    add_marks(figure, "diverged", x, y, text, yaxis="y2", cliponaxis=False)


def _add_pruned(figure: go.Figure, measurement: Measurement, axis: Axis) -> None:
    """Add where pruned trials stood when they were stopped: their final score is unknown."""
    settings, scores, text = [], [], []
    for setting in measurement.settings:
        if setting.state == "pruned" and setting.last is not None:
            settings.append(setting)
            scores.append(setting.last)
            stop = f"trial {setting.number}, stopped at step {setting.last_step}"
            text.append(f"{stop}: {format_digits(setting.last, 4)}")
    add_marks(figure, "pruned", values_along(axis, settings), scores, text)
