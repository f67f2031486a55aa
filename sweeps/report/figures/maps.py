"""Draw a grid's scores, each above what is left of it when the learning rate is off."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.cells import add_cells
from sweeps.report.figures.style import SMALL_FONT, frame
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.sentences.wording import GLYPHS, format_params

TITLE = "Scores over the grid"
HOW_TO_READ = """
    A cell holds a setting's mean on the tuning seeds. Below it is R, the mean where the learning rate is off
    by about a factor of two. ★ is the peak, the best mean. ◇ is the robust pick: the best R inside the range,
    with no diverged run beside it. ◈ is the same of the range before it was widened, □ the config's own
    setting. A × marks a diverged run.
"""


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    measurement = findings.measurement
    if not measurement.is_grid or len(measurement.axes) < 2 or not measurement.by_index:
        return "it needs a grid of at least two parameters"
    return None


def draw(findings: Findings) -> go.Figure:
    """Draw the mean score and R, the learning rates down, all other parameters across."""
    measurement = findings.measurement
    order = _axis_order(measurement)
    axes = [measurement.axes[axis] for axis in order]
    rows, columns = _labels(axes[:1]), _labels(axes[1:])
    title = f"{measurement.option}: mean of each setting, and R below it"
    figure = frame(title, {}, {}, height=190 + 46 * len(rows), font=SMALL_FONT)
    arrays = (findings.series.mean, findings.series.robustness, _cell_marks(findings))
    text = []
    for row in zip(*(_flatten(array, order) for array in arrays), strict=True):
        cells = zip(*row, strict=True)
        text.append([f"{mark}{mean:#.4g}<br><i>{off:#.4g}</i>" for mean, off, mark in cells])
    means = _flatten(findings.series.mean, order)
    add_cells(figure, columns, rows, means, text, measurement.metric.direction)
    return figure


def _axis_order(measurement: Measurement) -> list[int]:
    """Return the axis that goes down, the learning rate's or else the first, and then all others."""
    first = measurement.lr_axis or 0
    return [first, *(axis for axis in range(len(measurement.axes)) if axis != first)]


def _labels(axes: Sequence[Axis]) -> list[str]:
    """Return a label for each combination of the axes' values, a parameter a line."""
    labels = []
    for values in product(*(axis.values for axis in axes)):
        params = {axis.name: value for axis, value in zip(axes, values, strict=True)}
        labels.append(format_params(params).replace(" ", "<br>"))
    return labels


def _flatten(values: Any, order: list[int]) -> Any:
    """Return an array over the axes as a table: the first of the order down, all others across."""
    return values.transpose(order).reshape(values.shape[order[0]], -1)


def _cell_marks(findings: Findings) -> Any:
    """Return what is written before each cell's number: a cross where a run diverged, the picks' glyphs."""
    marks = np.where(findings.measurement.diverged.any(axis=-1), "× ", "").astype(object)
    for role, pick in findings.picks.items():
        index = findings.measurement.index_of(pick.params)
        if index is not None:
            marks[index] += f"{GLYPHS[role]} "
    return marks
