"""Where a figure's y axis starts when a few bad runs would flatten all others."""

from collections.abc import Sequence

import plotly.graph_objects as go

# Runs below which every one is shown.
FEW = 8


def focus(figure: go.Figure, groups: Sequence[Sequence[float]], sign: int) -> go.Figure:
    """Start at the better half of each group, where bad runs would flatten all; a button shows all.

    The title says how many runs lie outside.
    """
    sorted_groups = [sorted(sign * value for value in values if value == value) for values in groups]
    known = sorted(value for values in sorted_groups for value in values)
    if len(known) < FEW:
        return figure
    floor = min(v[-1] - 3 * (v[-1] - v[len(v) // 2]) for v in sorted_groups if v)
    low, top = known[0], known[-1]
    outside = sum(value < floor for value in known)
    if not outside:
        return figure
    near, whole = _room(sign * floor, sign * top), _room(sign * low, sign * top)
    told = figure.layout.title.text
    lower = f"{told}<br><sup>{outside} of {len(known)} runs lie outside this frame</sup>"
    buttons = [
        {"label": label, "method": "relayout", "args": [{"yaxis.range": span, "title.text": text}]}
        for label, span, text in (("best scores", near, lower), ("all scores", whole, told))
    ]
    figure.update_layout(
        title={"text": lower},
        yaxis={"range": near},
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "x": 1,
                "xanchor": "right",
                "y": 1.02,
                "yanchor": "bottom",
                "buttons": buttons,
                "showactive": True,
                "font": {"size": 11},
            }
        ],
    )
    return figure


def _room(one: float, other: float) -> list[float]:
    low, high = min(one, other), max(one, other)
    return [low - 0.05 * (high - low), high + 0.04 * (high - low)]
