"""Draw what explains the scores of a grid."""

import plotly.graph_objects as go

from sweeps.report.figures.style import PALE, axis_title, colour, error_bars, frame
from sweeps.report.findings.study import Findings

TITLE = "What explains the scores"
HOW_TO_READ = """
    The share of the differences between settings that each parameter explains alone, and together with
    another (×), without the seeds' noise. Bars are 95 % intervals. It is a property of the declared grid: a
    wider range makes a parameter matter more, and a diverged setting counts with its chance score.
"""


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    if findings.importance:
        return None
    return "it needs a full grid of two parameters, and more than noise between its settings"


def draw(findings: Findings) -> go.Figure:
    """Draw the share of the scores' variance over the grid that each parameter and interaction explains."""
    shares = list(findings.importance.values())
    x = axis_title("share of the variance")
    figure = frame(
        f"{findings.measurement.option}: what explains the scores' variance over the grid",
        {**x, "tickformat": ".0%", "range": [0, 1.02]},
        {"type": "category", "autorange": "reversed"},
        height=150 + 40 * len(shares),
        showlegend=False,
    )
    figure.add_bar(
        x=[share.value for share in shares],
        y=list(findings.importance),
        orientation="h",
        marker={"color": colour(0)},
        error_x={**error_bars(shares), "thickness": 1.5, "color": PALE},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    return figure
