"""Draw learning curves: loss per minibatch with its running mean, accuracy per epoch with the lr's drops."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.style import (
    GRID,
    PALE,
    SMALL_FONT,
    axis_title,
    colour,
    frame,
    to_list,
    translucent,
)
from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings
from sweeps.report.measure.settings import FinishedRun
from sweeps.report.sentences.wording import format_params, name_roles

TITLE = "Learning curves"
HOW_TO_READ = """
    Left, the training loss of the first run. Right, the accuracy after each epoch, the first run drawn bold.
    Dotted verticals are epochs that began with a smaller learning rate. Training accuracy is measured while
    the weights move and with dropout on, so it can lie below validation accuracy.
"""

# The metrics that are drawn per epoch, their names, and their panel's suffix.
METRICS = (
    ("train_loss", "loss, mean of an epoch", ""),
    ("train_accuracy", "training accuracy", "2"),
    ("validation_accuracy", "validation accuracy", "2"),
)

# A long training's losses are thinned out to about this many points a line.
POINTS = 1200
# Minibatches in the running mean; a tenth of a training that is shorter than ten times that.
WINDOW = 100
# A learning rate that drops more often follows a curve, and its drops get no line each.
MOST_DROPS = 20


@dataclass(frozen=True)
class RunCurves:
    """One run's learning curves."""

    # The run's name in the legend, such as seed=0.
    label: str
    # One value an epoch, by metric: train_loss, train_accuracy, validation_accuracy, lr.
    curves: Mapping[str, Sequence[float]]
    # One value a minibatch, where the run's folder still has them.
    losses: Sequence[float] = ()


def missing(findings: Findings, picks: Sequence[Pick]) -> str | None:
    """Return why there is no figure of a setting, or None. picks: the setting, once for each of its roles."""
    if picks and _measured_runs(findings, picks[0]):
        return None
    return "no pick is measured yet, or its jobs kept no curves"


def draw(findings: Findings, picks: Sequence[Pick]) -> go.Figure:
    """Draw the runs of a picked setting on the tuning seeds."""
    return learning_curves(describe_picks(findings, picks), _measured_runs(findings, picks[0]))


def describe_picks(findings: Findings, picks: Sequence[Pick]) -> str:
    """Return what a setting is called above its curves: sgd, robust pick and peak pick: lr=0.01."""
    return f"{findings.measurement.option}, {name_roles(picks)}: {format_params(picks[0].params)}"


def _measured_runs(findings: Findings, pick: Pick) -> list[RunCurves]:
    """Return the runs of a setting on the tuning seeds that left curves."""
    measurement = findings.measurement
    index = measurement.index_of(pick.params)
    if index is None:
        return []
    curves = []
    for label, run in measurement.by_index[index].runs.items():
        if any(metric in run.curves for metric, *_ in METRICS):
            curves.append(RunCurves(label, run.curves, _read_losses(measurement.folder, run)))
    return curves


def _read_losses(folder: str | None, run: FinishedRun) -> list[float]:
    """Return every step's loss, from the run's folder if this machine has it."""
    path = Path(folder or "", run.folder or "", "metrics.json")
    if not (folder and run.folder and path.is_file()):
        return []
    return list(json.loads(path.read_text()).get("losses", []))


def running_mean(values: Sequence[float], window: int) -> list[float]:
    """Return the mean of each value and the `window` - 1 values before it, or as many as there are."""
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=float))])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return to_list((sums[ends] - sums[starts]) / (ends - starts))


def drops(lrs: Sequence[float]) -> list[tuple[int, float]]:
    """Return each epoch, counted from 1, whose learning rate is below the one before, with that rate.

    Return none where there are more than MOST_DROPS.
    """
    epochs = range(1, len(lrs))
    lower = [(epoch + 1, lrs[epoch]) for epoch in epochs if lrs[epoch] < lrs[epoch - 1]]
    return lower if len(lower) <= MOST_DROPS else []


def learning_curves(title: str, runs: Sequence[RunCurves]) -> go.Figure:
    """Draw the first run's loss beside the accuracies of all runs."""
    first = runs[0]
    has_steps = len(first.losses) > 0
    figure = frame(
        title,
        {**axis_title("step (minibatch)" if has_steps else "epoch"), "domain": [0, 0.44]},
        axis_title("training loss"),
        height=420,
        xaxis2={**GRID, **axis_title("epoch"), "domain": [0.56, 1], "anchor": "y2"},
        yaxis2={**GRID, **axis_title("accuracy in %"), "anchor": "x2"},
        font=SMALL_FONT,
    )
    if has_steps:
        _add_step_losses(figure, first)
    for run in runs:
        for number in range(has_steps, len(METRICS)):
            _add_epochs(figure, run, number, is_first=run is first)
    _add_drops(figure, first.curves.get("lr", []))
    return figure


def _add_step_losses(figure: go.Figure, run: RunCurves) -> None:
    window = max(1, min(WINDOW, len(run.losses) // 10))
    thinning = max(1, len(run.losses) // POINTS)
    steps = list(range(1, len(run.losses) + 1, thinning))
    losses, name = to_list(run.losses[::thinning]), f"loss per minibatch, {run.label}"
    bold = {"color": colour(0), "width": 2}
    if window == 1:
        figure.add_scatter(x=steps, y=losses, mode="lines", line=bold, name=name)
        return
    pale = {"color": translucent(colour(0), 0.35), "width": 1}
    figure.add_scatter(x=steps, y=losses, mode="lines", line=pale, name=name)
    means = running_mean(run.losses, window)[::thinning]
    figure.add_scatter(x=steps, y=means, mode="lines", line=bold, name=f"its mean over {window} steps")


def _add_epochs(figure: go.Figure, run: RunCurves, number: int, is_first: bool) -> None:
    """Add a line of one value an epoch: bold and in the legend for the first run, pale for the others."""
    metric, name, panel = METRICS[number]
    values = run.curves.get(metric, [])
    figure.add_scatter(
        x=list(range(1, len(values) + 1)),
        y=to_list(values),
        mode="lines",
        name=name,
        line={"color": colour(number), "width": 2 if is_first else 1},
        opacity=1 if is_first else 0.5,
        legendgroup=name,
        showlegend=is_first,
        hovertemplate=f"{run.label}: {name} %{{y:.4g}}<extra></extra>",
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
    )


def _add_drops(figure: go.Figure, lrs: Sequence[float]) -> None:
    """Draw a dotted vertical, with the new learning rate, where an epoch begins with a smaller one."""
    for epoch, lr in drops(lrs):
        x = {"x0": epoch - 0.5, "x1": epoch - 0.5, "xref": "x2"}
        dotted = {"color": PALE, "width": 1, "dash": "dot"}
        figure.add_shape(type="line", line=dotted, **x, y0=0, y1=1, yref="y2 domain")
        figure.add_annotation(
            text=f"lr {lr:g}",
            x=epoch - 0.5,
            y=0,
            xref="x2",
            yref="y2 domain",
            xanchor="right",
            yanchor="bottom",
            textangle=-90,
            showarrow=False,
            font={"size": 10, "color": PALE},
        )
