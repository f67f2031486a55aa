"""How a setting trained: loss per minibatch with its running mean, accuracy per epoch with the lr's drops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.style import FONT, GRID, clear, colour, frame, plain, titled

# What is drawn of each epoch, and how it is called.
METRICS = (("train_accuracy", "training"), ("validation_accuracy", "validation"))

# Points of a line at most: a long training's steps are thinned out.
POINTS = 1200


@dataclass(frozen=True)
class Trained:
    """One run: what each epoch measured, by metric, and each step's loss where its folder still has it."""

    label: str
    curves: Mapping[str, Sequence[float]]
    losses: Sequence[float] = ()


def running_mean(values: Sequence[float], window: int) -> list[float]:
    """The mean of each value and those before it, `window` at most."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return plain((sums[ends] - sums[starts]) / (ends - starts))


def window_of(losses: Sequence[float]) -> int:
    """Over how many steps a loss is averaged: a hundred, or a tenth of a short training."""
    return max(1, min(100, len(losses) // 10))


def drops(lrs: Sequence[float]) -> list[int]:
    """The epochs, counted from 1, that ended at less than the learning rate of the one before."""
    return [epoch + 1 for epoch in range(1, len(lrs)) if lrs[epoch] < lrs[epoch - 1]]


def learning_curves(title: str, runs: Sequence[Trained]) -> go.Figure:
    """The first run's loss beside every run's accuracies."""
    steps = bool(runs[0].losses)
    figure = frame(
        title,
        {**titled("step (minibatch)" if steps else "epoch"), "domain": [0, 0.44]},
        titled("training loss"),
        height=420,
        xaxis2={**GRID, **titled("epoch"), "domain": [0.56, 1], "anchor": "y2"},
        yaxis2={**GRID, **titled("accuracy in %"), "anchor": "x2"},
        font={**FONT, "size": 12},
    )
    _add_step_losses(figure, runs[0]) if steps else _add_epoch_losses(figure, runs)
    for number, run in enumerate(runs):
        _add_accuracies(figure, run, first=number == 0)
    dropped = {"color": "#888888", "width": 1, "dash": "dot"}
    for epoch in drops(runs[0].curves.get("lr", [])):
        at = {"x0": epoch - 0.5, "x1": epoch - 0.5, "xref": "x2", "y0": 0, "y1": 1, "yref": "y2 domain"}
        figure.add_shape(type="line", line=dropped, **at)
    return figure


def _add_step_losses(figure: go.Figure, run: Trained) -> None:
    losses, window = run.losses, window_of(run.losses)
    thin = max(1, len(losses) // POINTS)
    steps = list(range(1, len(losses) + 1, thin))
    lines = (
        (losses, f"loss per minibatch, {run.label}", {"color": clear(colour(0), 0.35), "width": 1}),
        (running_mean(losses, window), f"its mean over {window} steps", {"color": colour(0), "width": 2}),
    )
    for values, name, drawn in lines:
        figure.add_scatter(x=steps, y=plain(values[::thin]), mode="lines", line=drawn, name=name)


def _add_epoch_losses(figure: go.Figure, runs: Sequence[Trained]) -> None:
    for number, run in enumerate(runs):
        losses = run.curves.get("train_loss", [])
        figure.add_scatter(
            x=list(range(1, len(losses) + 1)),
            y=plain(losses),
            mode="lines",
            line={"color": colour(0), "width": 1 if number else 2},
            opacity=0.5 if number else 1,
            name="loss, mean of an epoch",
            legendgroup="loss",
            showlegend=number == 0,
            hovertemplate=f"{run.label}: loss %{{y:.3f}}<extra></extra>",
        )


def _add_accuracies(figure: go.Figure, run: Trained, first: bool) -> None:
    for number, (metric, name) in enumerate(METRICS):
        values = run.curves.get(metric, [])
        where: dict[str, Any] = {"xaxis": "x2", "yaxis": "y2", "legendgroup": metric, "showlegend": first}
        figure.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=plain(values),
            mode="lines",
            line={"color": colour(number + 1), "width": 2 if first else 1},
            opacity=1 if first else 0.5,
            name=f"{name} accuracy",
            hovertemplate=f"{run.label}: {name} %{{y:.2f}}<extra></extra>",
            **where,
        )
