"""Draw a grid's scores beside their neighbourhood means."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.style import SMALL_FONT, frame, to_list
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.sentences.wording import GLYPHS, ROLE_NAMES, format_params
from sweeps.report.statistics.arrays import Floats

TITLE = "Scores and neighbourhood means over the grid"
HOW_TO_READ = """
    Left, s, the mean over replicates. Right, R, the mean of a setting and its neighbours one step away. The
    peak pick is the best cell on the left. The robust pick is the best cell on the right whose learning rate
    is inside the range and that has no diverged run near by. A × marks a diverged run.
"""

HIDDEN_LABELS = {"type": "category", "anchor": "x2", "showticklabels": False, "matches": "y", "ticks": ""}
# Colours span the scores from the best down to this quantile: a diverged corner would flatten all others.
DARKEST = 0.25


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    measurement = findings.measurement
    if not measurement.is_grid or len(measurement.axes) < 2 or not measurement.by_index:
        return "it needs a grid of at least two parameters"
    return None


def draw(findings: Findings) -> go.Figure:
    """Draw the mean score s beside R, the learning rates down, all other parameters across, colours alike."""
    measurement = findings.measurement
    order = _axis_order(measurement)
    marks = _flatten(_cell_marks(findings), order).tolist()
    arrays = {"s": findings.series.mean, "R": findings.series.R}
    tables = {name: _flatten(array, order) for name, array in arrays.items()}
    colours = _colour_scale(np.concatenate(list(tables.values())), measurement.metric)
    axes = [measurement.axes[axis] for axis in order]
    rows, columns = _labels(axes[:1]), _labels(axes[1:])
    figure = _panels(findings, height=190 + 46 * len(rows))
    for number, (name, table) in enumerate(tables.items()):
        figure.add_heatmap(
            z=[to_list(row) for row in table],
            text=marks,
            x=columns,
            y=rows,
            xaxis=f"x{number + 1}",
            yaxis=f"y{number + 1}",
            **colours,
            showscale=number == 1,
            colorbar={"title": {"text": "and<br>worse", "side": "bottom"}, "thickness": 12},
            texttemplate="%{text}%{z:.1f}",
            hovertemplate=f"%{{y}}, %{{x}}<br>{name} = %{{z:.2f}}<extra></extra>",
        )
    return figure


def _panels(findings: Findings, height: int) -> go.Figure:
    glyphs = " · ".join(f"{GLYPHS[role]} {ROLE_NAMES[role]}" for role in _measured_picks(findings))
    title = f"{findings.measurement.option}: mean score s (left), and R, with its neighbours (right)"
    labels = {"type": "category", "tickangle": -45, "ticks": ""}
    x = {**labels, "domain": [0, 0.46]}
    figure = frame(f"{title}<br><sup>{glyphs}</sup>", x, {"type": "category"}, height)
    second = {**labels, "domain": [0.52, 0.98]}
    figure.update_layout(xaxis2=second, yaxis2=HIDDEN_LABELS, font=SMALL_FONT)
    return figure


def _measured_picks(findings: Findings) -> dict[str, tuple[int, ...]]:
    """Return the indices of the picks, by role."""
    indices = {}
    for role, pick in findings.picks.items():
        index = findings.measurement.index_of(pick.params)
        if index is not None:
            indices[role] = index
    return indices


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
    for role, index in _measured_picks(findings).items():
        marks[index] += f"{GLYPHS[role]} "
    return marks


def _colour_scale(table: Floats, metric: Metric) -> dict[str, Any]:
    """Return the colours, which end at the best score and at a lower quantile."""
    scores = metric.orient(table[~np.isnan(table)])
    ends = (metric.restore(float(np.quantile(scores, DARKEST))), metric.restore(float(scores.max())))
    colours = {"colorscale": "Cividis", "reversescale": metric.direction < 0}
    return {"zmin": min(ends), "zmax": max(ends), **colours}
