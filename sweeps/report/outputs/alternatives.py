"""Say a figure's numbers in text, for readers who don't see it."""

import math
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import plotly.graph_objects as go

from sweeps.numbers import format_digits
from sweeps.report.outputs.tables import Table

# The most points of a series that a table lists.
MOST_POINTS = 40

# A point's place, as text, and its number.
Point = tuple[str, float]


def describe(figure: go.Figure) -> str:
    """Return a figure's title and, of each series, its least and greatest number."""
    sentences = []
    for name, points in _series(figure):
        ends = [min(points, key=itemgetter(1)), max(points, key=itemgetter(1))]
        words = [f"{format_digits(number, 4)} ({label})" for label, number in dict.fromkeys(ends)]
        sentences.append(f"{name}: {' to '.join(words)}".removeprefix(": "))
    return f"{figure.layout.title.text}. {'; '.join(sentences)}."


def figure_table(figure: go.Figure) -> Table:
    """Return the points of a figure, of a long line every few."""
    x, y = (axis.title.text for axis in (figure.layout.xaxis, figure.layout.yaxis))
    rows = []
    for name, points in _series(figure):
        thinning = math.ceil(len(points) / MOST_POINTS)
        rows += [[name, label, format_digits(number, 4)] for label, number in points[::thinning]]
    columns = ["", y or "", x or ""] if figure.layout.yaxis.type == "category" else ["", x or "", y or ""]
    return Table(str(figure.layout.title.text), columns, rows)


def _series(figure: go.Figure) -> Iterator[tuple[str, list[Point]]]:
    """Yield the name and the points of each trace but bands and what belongs to another one."""
    across = figure.layout.yaxis.type == "category"
    for trace in figure.data:
        is_part = trace.legendgroup is not None and trace.showlegend is False
        points = _points(trace, across)
        if points and not is_part and trace.hoverinfo != "skip":
            yield trace.name or "", points


def _points(trace: Any, across: bool) -> list[Point]:
    """Return a trace's points that are known; of cells, their names and numbers."""
    names, numbers = (trace.y, trace.x) if across else (trace.x, trace.y)
    if trace.hovertext is not None:
        names, numbers = trace.hovertext, trace.customdata
    return [(str(x), float(y)) for x, y in zip(names, numbers, strict=True) if y is not None and y == y]
