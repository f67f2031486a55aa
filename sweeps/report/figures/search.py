"""What a search of so many settings finds, and how much of the space is nearly as good as its best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from sweeps.report.figures.style import clear, colour, frame, line, plain, titled
from sweeps.report.statistics.robust import Floats

# (value, lower limit, upper limit) along the first axis.
Estimates = Floats


@dataclass(frozen=True)
class Found:
    """The best of k settings for k = 1..N: expected on the tuning seeds, with limits, and on fresh seeds."""

    expected: Floats
    low: Floats
    high: Floats
    honest: Floats | None = None


def best_of_k(found: Mapping[str, Found], metric: str) -> go.Figure:
    """Expected best against the number of settings tried, a line per optimizer in its band."""
    figure = frame(
        "Expected best of k settings tried at random",
        titled("k, number of settings tried"),
        titled(metric),
        height=460,
    )
    for number, (name, curve) in enumerate(found.items()):
        k = list(range(1, len(curve.expected) + 1))
        _band(figure, k, curve.low, curve.high, number, name)
        figure.add_scatter(x=k, y=plain(curve.expected), name=f"{name}, tuning seeds", line=line(number))
        if curve.honest is not None:
            dotted = {**line(number), "dash": "dot"}
            figure.add_scatter(x=k, y=plain(curve.honest), name=f"{name}, fresh seeds", line=dotted)
    return figure


def shares_of_space(
    gaps: Sequence[float], own: Mapping[str, Estimates], common: Mapping[str, Estimates], unit: str
) -> go.Figure:
    """Share of the space within a gap of the best, against the gap.

    own: of each optimizer's own best, drawn with its limits; common: of the best of all.
    """
    figure = frame(
        "Share of the searched space within a gap of the best",
        titled(f"gap to the best, {unit}"),
        {
            **titled("share of the searched space"),
            "tickformat": ".0%",
            "range": [0, 1.02],
        },
        height=460,
    )
    for number, name in enumerate(own):
        value, low, high = own[name]
        if (low != high).any():
            _band(figure, gaps, low, high, number, name)
        lines = [(value, "solid", "its own best"), (common[name][0], "dash", "the best of all")]
        for values, dash, of in lines if len(own) > 1 else lines[:1]:
            drawn = {**line(number), "dash": dash, "shape": "hv"}
            figure.add_scatter(
                x=list(gaps), y=plain(values), name=f"{name}, to {of}", line=drawn, mode="lines"
            )
    for gap in (0.5, 1.0):
        figure.add_vline(x=gap, line={"color": "#999999", "width": 1, "dash": "dot"})
    return figure


def _band(figure: go.Figure, x: Sequence[float], low: Floats, high: Floats, number: int, name: str) -> None:
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*plain(high), *reversed(plain(low))],
        fill="toself",
        fillcolor=clear(colour(number), 0.15),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        name=name,
    )
