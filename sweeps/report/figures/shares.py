"""Parts of a whole with their intervals: what explains the variance, how often runs diverge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from sweeps.report.figures.style import colour, frame, scale, titled
from sweeps.report.measure.axis import Axis
from sweeps.report.statistics.intervals import Estimate


@dataclass(frozen=True)
class Divergence:
    """k of n runs diverged at a value of the axis."""

    at: float
    count: int
    total: int
    part: Estimate


def importance(option: str, parts: Mapping[str, Estimate]) -> go.Figure:
    """The share of the scores' variance over the grid that each parameter and interaction explains."""
    figure = frame(
        f"{option}: what explains the scores' variance over the grid",
        {**titled("share of the variance, corrected for noise"), "tickformat": ".0%", "range": [0, 1.02]},
        {"type": "category", "autorange": "reversed"},
        height=150 + 40 * len(parts),
        showlegend=False,
    )
    figure.add_bar(
        x=[part.value for part in parts.values()],
        y=list(parts),
        orientation="h",
        marker={"color": colour(0)},
        error_x=_limits(list(parts.values())),
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    return figure


def divergence_by_lr(axis: Axis, diverged: Mapping[str, Sequence[Divergence]]) -> go.Figure:
    """Share of runs that diverged at each learning rate, per optimizer, with exact intervals."""
    values = [point.at for points in diverged.values() for point in points]
    figure = frame(
        f"Diverged runs by {axis.short}",
        scale(axis, values),
        {**titled("share of runs that diverged"), "tickformat": ".0%", "range": [-0.03, 1.03]},
        height=420,
    )
    for number, (name, points) in enumerate(diverged.items()):
        shift = 10 ** (0.02 * (number - (len(diverged) - 1) / 2)) if axis.log else 1.0
        figure.add_scatter(
            x=[point.at * shift for point in points],
            y=[point.part.value for point in points],
            error_y=_limits([point.part for point in points], colour(number)),
            mode="lines+markers",
            line={"color": colour(number), "width": 1, "dash": "dot"},
            marker={"size": 9, "color": colour(number)},
            name=name,
            text=[f"{point.count} of {point.total} runs" for point in points],
            hovertemplate="%{text}<extra></extra>",
        )
    return figure


def _limits(parts: Sequence[Estimate], shade: str = "#333333") -> dict[str, object]:
    known = all(part.low == part.low for part in parts)
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(part.high - part.value, 0) if known else 0 for part in parts],
        "arrayminus": [max(part.value - part.low, 0) if known else 0 for part in parts],
        "thickness": 1.5,
        "color": shade,
    }
