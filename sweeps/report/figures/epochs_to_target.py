"""Draw how many epochs the recommended settings take to reach a target."""

import numpy as np
import plotly.graph_objects as go

from sweeps.numbers import format_digits
from sweeps.report.figures.style import add_marks, axis_title, colour, frame, translucent
from sweeps.report.findings.joint import Joint

TITLE = "Epochs to a target"
HOW_TO_READ = """
    Each point is a run on a fresh seed: the first epoch whose validation score reaches the target. The bar is
    their median. A run that never gets there has no point. The names say how many runs do.
"""


def missing(joint: Joint) -> str | None:
    """Return why there is no figure, or None."""
    if joint.speed:
        return None
    return (
        "it needs runs on fresh seeds with curves, and a target: report.target, or the config's own setting"
    )


def draw(joint: Joint) -> go.Figure:
    """Draw a row per optimizer, with its runs and their median."""
    speed = joint.speed
    assert speed is not None
    names = {option: f"{option}<br>{e.reached} of {e.runs}" for option, e in speed.epochs.items()}
    figure = frame(
        f"Epochs to a validation score of {format_digits(speed.target)}",
        {**axis_title("epochs"), "rangemode": "tozero"},
        {"type": "category", "range": [len(names) - 0.5, -0.5]},
        height=160 + 60 * len(names),
        showlegend=False,
    )
    for number, (option, epochs) in enumerate(speed.epochs.items()):
        values = epochs.values[np.isfinite(epochs.values)].tolist()
        figure.add_scatter(
            x=values,
            y=[names[option]] * len(values),
            mode="markers",
            marker={"color": translucent(colour(number), 0.45), "size": 11},
            name=option,
            hovertemplate="%{x:g} epochs",
        )
        if np.isfinite(epochs.median):
            text = f"{option}: {format_digits(epochs.median)} epochs"
            add_marks(figure, "median", [epochs.median], [names[option]], [text])
    return figure
