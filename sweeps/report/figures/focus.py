"""Start a figure's y axis at the good runs, where a few bad ones would flatten all others."""

from collections.abc import Sequence

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
    focused: dict[str, object] = {
        "yaxis.range": _padded_range(metric.restore(floor), metric.restore(runs[-1])),
        "title.text": f"{title}<br><sup>{outside} of {len(runs)} runs lie outside this frame</sup>",
    }
    full: dict[str, object] = {
        "yaxis.range": _padded_range(metric.restore(runs[0]), metric.restore(runs[-1])),
        "title.text": title,
    }
    figure.update_layout(title={"text": focused["title.text"]}, yaxis={"range": focused["yaxis.range"]})
    _add_buttons(figure, {"best scores": focused, "all scores": full})
    return figure


def _add_buttons(figure: go.Figure, layouts: dict[str, dict[str, object]]) -> None:
    """Add a button above the frame for each layout, by its label."""
    figure.update_layout(
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "x": 1,
                "xanchor": "right",
                "y": 1.02,
                "yanchor": "bottom",
                "buttons": [
                    {"label": label, "method": "relayout", "args": [layout]}
                    for label, layout in layouts.items()
                ],
                "showactive": True,
                "font": {"size": 11},
            }
        ]
    )


def _padded_range(first: float, second: float) -> list[float]:
    low, high = min(first, second), max(first, second)
    return [low - 0.05 * (high - low), high + 0.04 * (high - low)]
