"""Draw what each of several sweeps says of two optimizers, and all of them together: a forest plot."""

import math

import plotly.graph_objects as go

from sweeps.compare.sentences import forest_rows
from sweeps.compare.several import PairOverSweeps
from sweeps.report.figures.style import INK, axis_title, colour, error_bars, frame
from sweeps.report.measure.metric import Metric

TITLE = "What each sweep says"
HOW_TO_READ = """
    The difference between what each sweep recommends, on its fresh seeds. "Together" is the mean over such
    sweeps, and "a new sweep" is where the difference of one more would lie. Few sweeps say little about how
    much they vary, so these two are wide. An interval that holds 0 shows no difference. One inside the green
    strip shows that there is none worth speaking of.
"""


def missing(pair: PairOverSweeps, metric: Metric) -> str | None:
    """Return why there is no figure, or None."""
    has_none = all(math.isnan(row.difference.low) for row in forest_rows(pair, metric))
    return f"no sweep has an interval of {pair.first} - {pair.second}" if has_none else None


def draw(pair: PairOverSweeps, metric: Metric) -> go.Figure:
    """Draw the differences that have an interval, those that don't count too."""
    rows = [row for row in forest_rows(pair, metric) if not math.isnan(row.difference.low)]
    name, unit = f"{pair.first} - {pair.second}", metric.label
    if metric.is_percent:
        unit = "percentage points"
    figure = frame(
        f"{name}, in each sweep and in all",
        {**axis_title(f"{name}, {unit}"), "zeroline": True, "zerolinecolor": INK},
        {"type": "category", "range": [len(rows) - 0.5, -0.5]},
        height=180 + 60 * len(rows),
    )
    if not math.isnan(metric.margin):
        strip = {"fillcolor": "rgba(0,158,115,0.15)", "line": {"width": 0}}
        figure.add_vrect(x0=-metric.margin, x1=metric.margin, **strip)
    estimates = [row.difference for row in rows]
    figure.add_scatter(
        x=[estimate.value for estimate in estimates],
        y=[row.name for row in rows],
        error_x={**error_bars(estimates), "thickness": 5, "width": 10, "color": colour(0)},
        mode="markers",
        marker={"size": 10, "color": colour(0)},
        showlegend=False,
        text=[row.text for row in rows],
        hovertemplate="%{y}<br>%{text}<extra></extra>",
    )
    return figure
