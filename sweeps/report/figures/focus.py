"""Start a figure's y axis at the good runs, where a few bad ones would flatten all others."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from sweeps.report.measure.metric import Metric

# With fewer runs than these, all are shown.
FEWEST_RUNS = 8


def focus(figure: go.Figure, groups: Sequence[Sequence[float]], metric: Metric) -> go.Figure:
    """Start at the better half of each group; a button shows all, the title says how many lie outside."""
    runs: list[float] = []
    floors = []
    for values in groups:
        scores = sorted(metric.orient(value) for value in values if value == value)
        runs += scores
        if scores:
            # Three times the distance from the best run to the median one.
            floors.append(scores[-1] - 3 * (scores[-1] - scores[len(scores) // 2]))
    runs.sort()
    if len(runs) < FEWEST_RUNS:
        return figure
    floor = min(floors)
    outside = sum(value < floor for value in runs)
    if not outside:
        return figure
    title = figure.layout.title.text
    note = f"<br><sup>{outside} of {len(runs)} runs lie outside this frame</sup>"
    good_range = _padded_range(metric.restore(floor), metric.restore(runs[-1]))
    full_range = _padded_range(metric.restore(runs[0]), metric.restore(runs[-1]))
    figure.update_layout(title={"text": title + note}, yaxis={"range": good_range})
    good_runs = _button("best scores", title + note, good_range)
    _add_buttons(figure, good_runs, _button("all scores", title, full_range))
    return figure


def _button(label: str, title: str, y_range: list[float]) -> dict[str, Any]:
    layout = {"yaxis.range": y_range, "title.text": title}
    return {"label": label, "method": "relayout", "args": [layout]}


def _add_buttons(figure: go.Figure, *buttons: dict[str, Any]) -> None:
    """Add buttons above the frame."""
    corner = {"x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    menu = {"type": "buttons", "direction": "right", **corner, "buttons": buttons, "font": {"size": 11}}
    figure.update_layout(updatemenus=[{**menu, "showactive": True}])


def _padded_range(first: float, second: float) -> list[float]:
    low, high = min(first, second), max(first, second)
    return [low - 0.05 * (high - low), high + 0.04 * (high - low)]
