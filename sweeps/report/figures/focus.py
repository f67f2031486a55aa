"""Start a figure's y axis at the good runs, where a few bad ones would flatten all others."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from sweeps.report.measure.metric import Metric

# With fewer runs than these, all are shown.
FEWEST_RUNS = 8


def focus(figure: go.Figure, groups: Sequence[Sequence[float]], metric: Metric) -> go.Figure:
    """Start at the better half of each group; a button shows all, and says how many more there are."""
    runs: list[float] = []
    floors = []
    for values in groups:
        scores = sorted(metric.orient(value) for value in values if value == value)
        runs += scores
        if scores:
            # Three times the distance from the best run to the median one.
            floors.append(scores[-1] - 3 * (scores[-1] - scores[len(scores) // 2]))
    runs.sort()
    outside = sum(value < min(floors) for value in runs)
    if len(runs) < FEWEST_RUNS or not outside:
        return figure
    good_range = _padded_range(metric.orient(min(floors)), metric.orient(runs[-1]))
    full_range = _padded_range(metric.orient(runs[0]), metric.orient(runs[-1]))
    figure.update_layout(yaxis_range=good_range)
    label = f"all scores ({outside} more)"
    # Above the frame in the dashboard; the page puts buttons of its own, which a keyboard reaches, below it.
    corner = {"x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom", "font": {"size": 11}}
    buttons = [_button("best scores", good_range), _button(label, full_range)]
    figure.update_layout(
        updatemenus=[{"type": "buttons", "direction": "right", **corner, "buttons": buttons}]
    )
    return figure


def _button(label: str, y_range: list[float]) -> dict[str, Any]:
    return {"label": label, "method": "relayout", "args": [{"yaxis.range": y_range}]}


def _padded_range(first: float, second: float) -> list[float]:
    low, high = min(first, second), max(first, second)
    return [low - 0.05 * (high - low), high + 0.04 * (high - low)]
