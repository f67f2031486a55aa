"""Draw the differences between optimizers on the fresh seeds that they share."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.style import INK, SMALL_FONT, axis_title, colour, error_bars, frame
from sweeps.report.findings.joint import Joint
from sweeps.report.measure.metric import Metric
from sweeps.report.sentences.wording import format_estimate
from sweeps.report.statistics.intervals import Estimate

TITLE = "Differences between optimizers"
HOW_TO_READ = """
    What is recommended of each, on the same fresh seeds, where both converge. Bars are 95 % intervals. They
    allow for the choice of the settings: other tuning seeds might have led to others, and on the fresh seeds
    another of the same optimizer may be better. An interval that holds 0 shows no difference that these seeds
    can tell. One inside the green strip shows that there is none worth speaking of. "Lr off" is the mean over
    half, once and double the learning rate.
"""


def missing(joint: Joint) -> str | None:
    """Return why there is no figure, or None."""
    if _known_differences(joint):
        return None
    return "it needs two optimizers' settings, chosen on several seeds and trained on the same fresh ones"


def draw(joint: Joint) -> go.Figure:
    """Draw the mean paired differences with their intervals."""
    title = "How much better one optimizer is than another on the same fresh seeds"
    return draw_differences(
        title, f"first better by, {joint.metric.difference_unit}", _known_differences(joint), joint.metric
    )


def draw_differences(
    title: str, label: str, differences: Mapping[str, Estimate], metric: Metric
) -> go.Figure:
    """Draw differences with their intervals, by name; the pale strip is what counts as equivalent."""
    figure = frame(
        title,
        {**axis_title(label), "zeroline": True, "zerolinecolor": INK},
        {"type": "category", "range": [len(differences) - 0.5, -0.5]},
        height=180 + 60 * len(differences),
        font=SMALL_FONT,
    )
    margin = metric.margin
    if not np.isnan(margin):
        figure.add_vrect(x0=-margin, x1=margin, fillcolor="rgba(0,158,115,0.15)", line={"width": 0})
    estimates = list(differences.values())
    figure.add_scatter(
        x=[estimate.value for estimate in estimates],
        y=list(differences),
        error_x={**error_bars(estimates), "thickness": 5, "width": 10, "color": colour(0)},
        mode="markers",
        marker={"size": 10, "color": colour(0)},
        showlegend=False,
        text=list(map(format_estimate, estimates)),
        hovertemplate="%{y}<br>%{text}<extra></extra>",
    )
    return figure


def _known_differences(joint: Joint) -> dict[str, Estimate]:
    """Return by name the differences that have an interval."""
    differences = {}
    for comparisons, suffix in ((joint.comparisons, ""), (joint.tolerances, "<br>lr off")):
        for comparison in comparisons:
            if comparison.verdict != "unknown" and not np.isnan(comparison.difference.low):
                name = f"{comparison.first} - {comparison.second}{suffix}"
                differences[name] = comparison.difference
    return differences
