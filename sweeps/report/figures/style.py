"""Set colours, marks, axes and the frame, alike in every figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.numbers import format_digits
from sweeps.report.measure.axis import Axis
from sweeps.report.sentences.wording import ROLE_NAMES
from sweeps.report.statistics.intervals import Estimate

# Okabe and Ito's colours, which nearly everyone can tell apart; without their yellow, too pale for a line on
# white, and their black, which a dark page hides.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F")
# Text and outlines, what is less important, the grid, and what lies behind. The page writes its own colours
# in their place: no other colour of a figure may equal one of them.
INK, PALE, LINE, PAPER = "#1c2430", "#5b6675", "#dde2e8", "#ffffff"
# How close two labels of an axis may be, as a share of its length.
CLOSEST_TICKS = 1 / 9
DASHES = ("solid", "dash", "dot")
GRID = {
    "gridcolor": LINE,
    "linecolor": PALE,
    "zeroline": False,
    "ticks": "outside",
    "automargin": True,
}

# One mark a role in every figure; they differ in size, so that each shows where they coincide.
OUTLINE = {"color": INK, "width": 2}
MARKS = {
    "peak": {"symbol": "star", "size": 15, "color": "#F0E442", "line": OUTLINE},
    "robust": {"symbol": "diamond-open", "size": 20, "color": INK, "line": OUTLINE},
    "inside": {"symbol": "diamond-tall-open", "size": 18, "color": INK, "line": OUTLINE},
    "default": {"symbol": "square-open", "size": 22, "color": INK, "line": OUTLINE},
    "recommended": {"symbol": "circle-open", "size": 18, "color": INK, "line": OUTLINE},
    "median": {"symbol": "line-ns", "size": 26, "line": {"color": INK, "width": 3}},
    "diverged": {"symbol": "x-thin", "size": 10, "line": {"color": "#D62728", "width": 2}},
    "pruned": {"symbol": "triangle-up-open", "size": 9, "color": PALE},
}
NAMES = {
    **ROLE_NAMES,
    "diverged": "diverged (drawn at the foot; scores chance)",
    "pruned": "pruned: score when stopped",
}

FONT = {"family": "system-ui, sans-serif", "size": 12, "color": INK}
TOP_LEFT = {"x": 0.01, "xanchor": "left", "y": 0.98, "yanchor": "top"}


def colour(number: int) -> str:
    """Return the colour of the n-th line."""
    return COLOURS[number % len(COLOURS)]


def line_style(number: int) -> dict[str, Any]:
    """Return the style of the n-th line: solid in each colour, then dashed, then dotted."""
    return {"color": colour(number), "width": 2, "dash": DASHES[number // len(COLOURS) % len(DASHES)]}


def translucent(shade: str, opacity: float) -> str:
    """Return a colour written as #rrggbb with an opacity."""
    red, green, blue = (int(shade[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def frame(title: str, x: dict[str, Any], y: dict[str, Any], height: int = 440, **layout: Any) -> go.Figure:
    """Return an empty figure."""
    # Without Plotly's template: the dashboard stores a figure in pieces of 2 kB, and writes each of them.
    return go.Figure(
        layout={
            "template": go.layout.Template(),
            # At the very top, clear of the buttons that the dashboard shows above the frame.
            "title": {"text": title, **TOP_LEFT, "font": {"size": 16, "weight": 600}},
            "xaxis": {**GRID, **x},
            "yaxis": {**GRID, **y},
            "font": FONT,
            "height": height,
            "margin": {"l": 60, "r": 20, "t": 70, "b": 60},
            "legend": {"orientation": "h", "y": -0.22, "yanchor": "top", "traceorder": "normal"},
            "plot_bgcolor": PAPER,
            "paper_bgcolor": PAPER,
            "hovermode": "closest",
            **layout,
        }
    )


def axis_title(text: str) -> dict[str, Any]:
    """Return an axis layout with its title."""
    return {"title": {"text": text}}


def parameter_axis(axes: Sequence[Axis]) -> dict[str, Any]:
    """Return the x axis of a parameter that was searched, of several studies by its name."""
    axis, values = axes[0], set[float]()
    name = "learning rate" if axis.short == "lr" else axis.short
    layout = axis_title(f"{name} (log scale)" if axis.log else name)
    if axis.log:
        layout["type"] = "log"
    if axis.continuous:
        decades = {"dtick": 1, "exponentformat": "none", "minor": {"ticks": "outside"}}
        return layout | decades if axis.log else layout
    for each in axes:
        values.update(map(float, each.values))
    if len(values) == 1 and axis.log:
        # Half a decade on either side: without a range, the points' small shift would fill the frame.
        center = np.log10(min(values))
        layout["range"] = [center - 0.5, center + 0.5]
    ticks = _thin_out(sorted(values), axis.log)
    return layout | {"tickvals": ticks, "ticktext": [format_digits(tick) for tick in ticks]}


def _thin_out(ticks: Sequence[float], log: bool) -> list[float]:
    """Return ticks without those whose label would touch the one before; the last one stays."""
    positions = np.log10(ticks) if log else np.asarray(ticks)
    apart = (positions[-1] - positions[0]) * CLOSEST_TICKS
    last, labels = positions[-1], [ticks[-1]]
    for tick, position in zip(ticks[-2::-1], positions[-2::-1], strict=True):
        if last - position >= apart:
            last, labels = position, [tick, *labels]
    return labels


def add_marks(
    figure: go.Figure, role: str, x: Sequence[Any], y: Sequence[Any], text: Sequence[str], **style: Any
) -> None:
    """Put the mark of a role (peak, robust, diverged, ...) at points, of which a text says more."""
    if x:
        marker, name = MARKS[role], NAMES.get(role, role)
        figure.add_scatter(
            x=x, y=y, mode="markers", marker=marker, name=name, text=text, hovertemplate="%{text}", **style
        )


def to_list(values: Any) -> list[Any]:
    """Return an array as a list, None for nan: the dashboard's plotly.js reads no packed arrays."""
    return [None if value != value else value for value in np.asarray(values, dtype=float).tolist()]


def error_bars(estimates: Sequence[Estimate]) -> dict[str, Any]:
    """Return the error bars of estimates: their intervals, of no length where one is unknown."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, estimate.high - estimate.value) for estimate in estimates],
        "arrayminus": [max(0.0, estimate.value - estimate.low) for estimate in estimates],
    }
