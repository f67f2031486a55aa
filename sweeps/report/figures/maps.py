"""Heatmaps: a grid's scores beside their neighbourhood means, and regrets under several conditions."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.style import FONT, frame, plain
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.axis import plain as shown
from sweeps.report.measure.measurement import Measurement
from sweeps.report.sentences.wording import GLYPHS, ROLES, named
from sweeps.report.statistics.robust import Floats, Index

UNNAMED = {"type": "category", "anchor": "x2", "showticklabels": False, "matches": "y", "ticks": ""}
# Colours span the scores from the best down to this quantile: a diverged corner would flatten all others.
DARKEST = 0.25


def score_maps(measurement: Measurement, near: Floats, picks: Mapping[str, Index]) -> go.Figure:
    """Mean score s beside R, the learning rates down, all other parameters across, colours alike."""
    rows, columns, order = _laid_out(measurement)
    means = measurement.scores.mean(axis=-1)
    marks = _marks(measurement, picks)
    tables = [_flat(values, order) for values in (means, near)]
    limits = _limits(np.concatenate(tables), measurement.sign)
    glyphs = " · ".join(f"{GLYPHS[role]} {ROLES[role]}" for role in picks)
    title = f"{measurement.option}: mean score s (left), and R, with its neighbours (right)"
    labels = {"type": "category", "tickangle": -45, "ticks": ""}
    figure = frame(
        f"{title}<br><sup>{glyphs}</sup>",
        {**labels, "domain": [0, 0.46]},
        {"type": "category"},
        190 + 46 * len(rows),
    )
    figure.update_layout(xaxis2={**labels, "domain": [0.52, 0.98]}, yaxis2=UNNAMED, font={**FONT, "size": 12})
    for number, (name, table) in enumerate(zip(("s", "R"), tables, strict=True)):
        figure.add_heatmap(
            z=[plain(row) for row in table],
            text=_flat(marks, order).tolist(),
            x=columns,
            y=rows,
            xaxis=f"x{number + 1}",
            yaxis=f"y{number + 1}",
            **limits,
            showscale=number == 1,
            colorbar={"title": {"text": "and<br>worse", "side": "bottom"}, "thickness": 12},
            texttemplate="%{text}%{z:.1f}",
            hovertemplate=f"%{{y}}, %{{x}}<br>{name} = %{{z:.2f}}<extra></extra>",
        )
    return figure


def regret_map(
    option: str, settings: Sequence[str], conditions: Sequence[str], regrets: Floats, unit: str
) -> go.Figure:
    """How far each setting (rows) is below the best under each condition (columns).

    regrets: (settings, conditions).
    """
    order = np.argsort(np.nan_to_num(regrets.max(axis=1), nan=np.inf))[::-1]
    category = {"type": "category", "ticks": ""}
    title = f"{option}: regret of each setting to the best under each condition"
    figure = frame(title, category, {**category, "tickfont": {"size": 10}}, 150 + 20 * len(settings))
    figure.add_heatmap(
        z=[plain(regrets[row]) for row in order],
        x=list(conditions),
        y=[settings[row] for row in order],
        zmin=0,
        zmax=max(float(np.nanquantile(regrets, 1 - DARKEST)), 1e-9),
        colorscale="Cividis",
        reversescale=True,
        colorbar={"title": {"text": f"regret, {unit}"}, "thickness": 12},
        texttemplate="%{z:.1f}",
        hovertemplate="%{y}<br>%{x}<br>regret %{z:.2f}<extra></extra>",
    )
    return figure


def _laid_out(measurement: Measurement) -> tuple[list[str], list[str], list[int]]:
    """Labels of the rows (the lr, else the first axis), of the columns, and the order of the axes."""
    first = measurement.lr_axis or 0
    order = [first, *(axis for axis in range(len(measurement.axes)) if axis != first)]
    head, *others = [measurement.axes[axis] for axis in order]
    rows = [f"{head.short}={shown(value)}" for value in head.values]
    return rows, [_column(others, values) for values in product(*(axis.values for axis in others))], order


def _column(axes: Sequence[Axis], values: Sequence[Any]) -> str:
    return named({axis.name: value for axis, value in zip(axes, values, strict=True)}).replace(" ", "<br>")


def _flat(values: Any, order: Sequence[int]) -> Any:
    """An array over the axes as a table: the first of the order down, all others across."""
    return values.transpose(order).reshape(values.shape[order[0]], -1)


def _marks(measurement: Measurement, picks: Mapping[str, Index]) -> Any:
    """What is written before a cell's number: its roles, and a cross where a run diverged."""
    marks = np.where(measurement.diverged.any(axis=-1), "× ", "").astype(object)
    for role, place in picks.items():
        marks[place] += f"{GLYPHS[role]} "
    return marks


def _limits(table: Floats, sign: int) -> dict[str, Any]:
    """The colours' ends, the best and a lower quantile."""
    known = sign * table[~np.isnan(table)]
    low, high = sorted((sign * float(np.quantile(known, DARKEST)), sign * float(known.max())))
    return {"zmin": low, "zmax": high, "colorscale": "Cividis", "reversescale": sign < 0}
