"""Draw learning curves: the loss of each minibatch and epoch, the accuracies, the learning rate's drops."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go

from sweeps.report.figures.style import GRID, PALE, axis_title, colour, frame, to_list, translucent
from sweeps.report.findings.study import Findings
from sweeps.report.measure.settings import FinishedRun
from sweeps.report.sentences.wording import format_params

TITLE = "Learning curves"
HOW_TO_READ = """
    Left, the training loss: the mean over each epoch, and pale that of the first run's minibatches. Right,
    the accuracy after each epoch. Dotted verticals are epochs that began with a smaller learning rate.
    Training accuracy is measured with dropout on, so it can lie below validation accuracy.
"""

# The metrics that are drawn per epoch, their names, their panel's suffix, and the first one's epoch: a mean
# stands in the middle of its epoch.
METRICS = (
    ("train_loss", "loss, mean of an epoch", "", 0.5),
    ("train_accuracy", "training accuracy", "2", 1),
    ("validation_accuracy", "validation accuracy", "2", 1),
)

# A long training's losses are thinned out to about this many points a line.
POINTS = 1200
# A learning rate that drops more often follows a curve, and its drops get no line each.
MOST_DROPS = 20


@dataclass(frozen=True)
class RunCurves:
    """One run's learning curves."""

    # The run's name in the legend, such as seed=0.
    label: str
    # One value an epoch, by metric: train_loss, train_accuracy, validation_accuracy, lr.
    curves: Mapping[str, Sequence[float]]
    # One value a minibatch of these epochs, where the run's folder still has them.
    losses: Sequence[float] = ()


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    if _recommended_runs(findings):
        return None
    return "nothing that was measured is recommended yet, or its jobs kept no curves"


def draw(findings: Findings) -> go.Figure:
    """Draw the runs of the recommended setting on the tuning seeds."""
    assert findings.recommended is not None
    setting = format_params(findings.recommended.params)
    title = f"{findings.measurement.option}: learning curves of {setting}"
    return learning_curves(title, _recommended_runs(findings))


def _recommended_runs(findings: Findings) -> list[RunCurves]:
    """Return the runs of the recommended setting on the tuning seeds that left curves."""
    measurement, recommended = findings.measurement, findings.recommended
    index = measurement.index_of(recommended.params) if recommended else None
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


def drops(lrs: Sequence[float]) -> list[tuple[int, float]]:
    """Return each epoch, counted from 1, whose learning rate is below the one before, with that rate.

    Return none where there are more than MOST_DROPS.
    """
    epochs = range(1, len(lrs))
    lower = [(epoch + 1, lrs[epoch]) for epoch in epochs if lrs[epoch] < lrs[epoch - 1]]
    return lower if len(lower) <= MOST_DROPS else []


def learning_curves(title: str, runs: Sequence[RunCurves]) -> go.Figure:
    """Draw the losses beside the accuracies of all runs, over the same epochs."""
    figure = frame(
        title,
        {**axis_title("epoch"), "domain": [0, 0.44]},
        axis_title("training loss"),
        height=420,
        xaxis2={**GRID, **axis_title("epoch"), "domain": [0.56, 1], "anchor": "y2"},
        yaxis2={**GRID, **axis_title("accuracy in %"), "anchor": "x2"},
    )
    first = runs[0]
    if first.losses:
        _add_step_losses(figure, first)
    for run in runs:
        for number in range(len(METRICS)):
            _add_epochs(figure, run, number, is_first=run is first)
    for epoch, lr in drops(first.curves.get("lr", [])):
        dotted = {"color": PALE, "width": 1, "dash": "dot"}
        font = {"size": 10, "color": PALE}
        text = {"text": f"lr {lr:g}", "textangle": -90, "font": font}
        figure.add_vline(epoch - 1, line=dotted, annotation=text)
    return figure


def _add_step_losses(figure: go.Figure, run: RunCurves) -> None:
    steps = len(run.losses)
    points = range(0, steps, max(1, steps // POINTS))
    epochs = len(run.curves.get("train_loss", []))
    figure.add_scatter(
        x=[(step + 1) * epochs / steps for step in points],
        y=to_list(run.losses[:: points.step]),
        mode="lines",
        line={"color": translucent(colour(0), 0.35), "width": 1},
        name=f"loss of a minibatch, {run.label}",
    )


def _add_epochs(figure: go.Figure, run: RunCurves, number: int, is_first: bool) -> None:
    """Add a line of one value an epoch: bold and in the legend for the first run, pale for the others."""
    metric, name, panel, start = METRICS[number]
    values = run.curves.get(metric, [])
    figure.add_scatter(
        x=[start + epoch for epoch in range(len(values))],
        y=to_list(values),
        name=name,
        line={"color": colour(number), "width": 2 if is_first else 1},
        opacity=1 if is_first else 0.5,
        legendgroup=name,
        showlegend=is_first,
        hovertemplate=f"{run.label}: {name} %{{y:.4g}}<extra></extra>",
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
    )
