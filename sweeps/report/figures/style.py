"""How every figure looks: colours, marks, axes, the frame."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.report.measure.axis import Axis
from sweeps.report.sentences.wording import ROLES

# Okabe and Ito's colours, told apart by nearly everyone; without their yellow, too pale for lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
# Values of an axis that are named one by one, at most.
NAMED = 12
DASHES = ("solid", "dash", "dot")
GRID = {
    "gridcolor": "rgba(0,0,0,0.08)",
    "linecolor": "#888888",
    "zeroline": False,
    "ticks": "outside",
    "automargin": True,
}

# One mark a role, in every figure, to be seen when one lies on another.
OUTLINE = {"color": "#000000", "width": 2}
MARKS = {
    "peak": {"symbol": "star", "size": 15, "color": "#F0E442", "line": OUTLINE},
    "robust": {"symbol": "diamond-open", "size": 20, "color": "#000000", "line": OUTLINE},
    "default": {"symbol": "square-open", "size": 22, "color": "#000000", "line": OUTLINE},
}
DIVERGED = {"symbol": "x-thin", "size": 10, "line": {"color": "#B00020", "width": 2}}

FONT = {"family": "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif", "size": 13}


def colour(number: int) -> str:
    """The colour of the n-th line."""
    return COLOURS[number % len(COLOURS)]


def line(number: int) -> dict[str, Any]:
    """The n-th line: the colours first, then again dashed."""
    return {"color": colour(number), "width": 2, "dash": DASHES[number // len(COLOURS) % len(DASHES)]}


def clear(shade: str, opacity: float = 0.2) -> str:
    """A colour written as #rrggbb, made see-through."""
    red, green, blue = (int(shade[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def frame(title: str, x: dict[str, Any], y: dict[str, Any], height: int = 440, **layout: Any) -> go.Figure:
    """An empty figure. No template: the dashboard keeps figures in short pieces, so that each counts."""
    return go.Figure(
        layout={
            "template": go.layout.Template(),
            "title": {"text": title, "x": 0.01, "xanchor": "left", "font": {"size": 16, "weight": 600}},
            "xaxis": {**GRID, **x},
            "yaxis": {**GRID, **y},
            "font": FONT,
            "height": height,
            "margin": {"l": 60, "r": 20, "t": 70, "b": 60},
            "legend": {"orientation": "h", "y": -0.22, "yanchor": "top"},
            "plot_bgcolor": "#FFFFFF",
            "paper_bgcolor": "#FFFFFF",
            "hovermode": "closest",
            **layout,
        }
    )


def titled(text: str) -> dict[str, Any]:
    """An axis with its title."""
    return {"title": {"text": text}}


def scale(axis: Axis, values: Iterable[float], edges: bool = False) -> dict[str, Any]:
    """The x axis of a searched parameter; few values are named, with `edges` the outermost as such."""
    name = "learning rate" if axis.short == "lr" else axis.short
    named_axis: dict[str, Any] = titled(f"{name} (log scale)") | {"type": "log"} if axis.log else titled(name)
    known = sorted({float(value) for value in values})
    if len(known) > NAMED or axis.continuous:
        decades = {"dtick": 1, "exponentformat": "none", "minor": {"ticks": "outside"}}
        return {**named_axis, **decades} if axis.log else named_axis
    names = [f"{value:g}" for value in known]
    if edges and len(names) > 1:
        names[0], names[-1] = f"{names[0]}<br>(edge)", f"{names[-1]}<br>(edge)"
    return {**named_axis, "tickvals": known, "ticktext": names}


def mark(figure: go.Figure, role: str, x: Any, y: Any, **where: Any) -> None:
    """Put the mark of a role (peak, robust, default) at a point."""
    figure.add_scatter(
        x=[x], y=[y], mode="markers", marker=MARKS[role], name=ROLES[role], hoverinfo="name", **where
    )


def plain(values: Any) -> list[Any]:
    """An array as lists: the dashboard's plotly.js reads no packed arrays."""
    return [None if value != value else value for value in np.asarray(values, dtype=float).tolist()]


def foot(figure: go.Figure, x: Sequence[Any], text: Sequence[str], marker: dict[str, Any], name: str) -> None:
    """Marks at the foot of the frame, whatever the y axis shows."""
    figure.update_layout(
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True, "showgrid": False}
    )
    figure.add_scatter(
        x=list(x),
        y=[0.025] * len(x),
        yaxis="y2",
        mode="markers",
        marker=marker,
        name=name,
        text=list(text),
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )
