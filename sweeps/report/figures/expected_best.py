"""Draw what a search of k settings finds."""

from collections.abc import Sequence

import plotly.graph_objects as go

from sweeps.report.figures.style import axis_title, colour, frame, line_style, to_list, translucent
from sweeps.report.findings.series import BestOfK
from sweeps.report.findings.study import Findings

TITLE = "Expected best of k settings"
HOW_TO_READ = """
    This is what you get if you try k of the declared settings at random and keep the best. A curve that is
    flat from the start needs no search. The band holds for all k at once; most of it on the right is what the
    seeds' validation splits have in common. A dotted line is what the same choice is worth on fresh seeds.
"""


def missing(studies: Sequence[Findings]) -> str | None:
    """Return why there is no figure of studies that cover their spaces, or None."""
    return None if studies else "it needs a grid, or evenly spread settings, of which some converge"


def draw(studies: Sequence[Findings]) -> go.Figure:
    """Draw the expected best against the number of settings tried, a line per optimizer in its band."""
    title = "Expected best of k settings tried at random"
    x, y = axis_title("k, number of settings tried"), axis_title(studies[0].measurement.metric.label)
    figure = frame(title, x, y, height=460)
    for number, findings in enumerate(studies):
        curve = findings.series.best_of_k
        assert curve is not None
        k = list(range(1, len(curve.expected) + 1))
        _add_band(figure, k, curve, number)
        name = findings.measurement.option
        line = line_style(number)
        figure.add_scatter(x=k, y=to_list(curve.expected), name=name, line=line)
        if curve.honest is not None:
            trace = {"name": f"{name}, on fresh seeds", "line": {**line, "dash": "dot"}}
            figure.add_scatter(x=k, y=to_list(curve.honest), **trace)
    return figure


def _add_band(figure: go.Figure, k: list[int], curve: BestOfK, number: int) -> None:
    figure.add_scatter(
        x=[*k, *reversed(k)],
        y=[*to_list(curve.high), *reversed(to_list(curve.low))],
        fill="toself",
        fillcolor=translucent(colour(number), 0.15),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )
