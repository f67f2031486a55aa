"""Draw learning curves: the loss of each epoch and minibatch, the metrics, the learning rate's drops."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from sweeps.numbers import format_digits
from sweeps.report.figures.style import GRID, PALE, axis_title, colour, frame, to_list, translucent
from sweeps.report.findings.study import Findings
from sweeps.report.measure.metric import PERCENT, Metric
from sweeps.report.sentences.wording import format_params

TITLE = "Learning curves"
HOW_TO_READ = """
    Left, the training loss: the mean over each epoch, and on a single run's own page also each minibatch's.
    Right, the metric after each epoch. Dotted verticals are epochs that began with a smaller learning rate.
    What training shows is measured with dropout on, so it can be worse than validation.
"""

TRAIN_LOSS, VALIDATION, TRAIN = "train_loss", "validation", "train"
VALIDATION_ACCURACY = Metric("validation accuracy", PERCENT)

# A long training's losses are thinned out to about this many points a line.
POINTS = 1200
# A learning rate that drops more often follows a curve, and its drops get no line each.
MOST_DROPS = 20

# One value an epoch, by metric: train_loss, train_accuracy, validation_accuracy, lr, and the like.
Curves = Mapping[str, Sequence[float]]


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    if _recommended_curves(findings):
        return None
    return "nothing that was measured is recommended yet, or its jobs kept no curves"


def draw(findings: Findings) -> go.Figure:
    """Draw the runs of the recommended setting on the tuning seeds."""
    assert findings.recommended is not None
    setting = format_params(findings.recommended.params)
    title = f"{findings.measurement.option}: learning curves of {setting}"
    return learning_curves(title, _recommended_curves(findings), metric=findings.measurement.metric)


def _recommended_curves(findings: Findings) -> dict[str, Curves]:
    """Return the curves of the recommended setting's runs on the tuning seeds that left any, by label."""
    measurement, recommended = findings.measurement, findings.recommended
    index = measurement.index_of(recommended.params) if recommended else None
    if index is None:
        return {}
    runs = measurement.by_index[index].runs.items()
    return {label: run.curves for label, run in runs if run.curves.get(TRAIN_LOSS)}


def drops(lrs: Sequence[float]) -> list[tuple[int, float]]:
    """Return each epoch, counted from 1, whose learning rate is below the one before, with that rate.

    Return none where there are more than MOST_DROPS.
    """
    epochs = range(1, len(lrs))
    lower = [(epoch + 1, lrs[epoch]) for epoch in epochs if lrs[epoch] < lrs[epoch - 1]]
    return lower if len(lower) <= MOST_DROPS else []


def learning_curves(
    title: str, runs: Mapping[str, Curves], losses: Sequence[float] = (), metric: Metric = VALIDATION_ACCURACY
) -> go.Figure:
    """Draw the losses beside the metric of runs, over the same epochs.

    runs: by what the legend calls them. losses: of each minibatch of a single run.
    """
    figure = frame(
        title,
        {**axis_title("epoch"), "domain": [0, 0.44]},
        axis_title("training loss"),
        height=420,
        xaxis2={**GRID, **axis_title("epoch"), "domain": [0.56, 1], "anchor": "y2"},
        yaxis2={**GRID, **axis_title(metric.label.removeprefix(f"{VALIDATION} ")), "anchor": "x2"},
    )
    first = next(iter(runs))
    if losses:
        _add_step_losses(figure, losses, epochs=len(runs[first]["train_loss"]))
    for label, curves in runs.items():
        for number, line in enumerate(_lines(metric)):
            _add_epochs(figure, label, curves, line, number, is_first=label == first)
    for epoch, lr in drops(runs[first].get("lr", [])):
        dotted = {"color": PALE, "width": 1, "dash": "dot"}
        font = {"size": 10, "color": PALE}
        text = {"text": f"lr {format_digits(lr)}", "textangle": -90, "font": font, "xref": "x2"}
        axes = {"xref": "x2", "yref": "y2"}
        figure.add_vline(epoch - 1, **axes, line=dotted, annotation=text, annotation_position="bottom left")
    return figure


def _add_step_losses(figure: go.Figure, losses: Sequence[float], epochs: int) -> None:
    steps = len(losses)
    points = range(0, steps, max(1, steps // POINTS))
    figure.add_scatter(
        x=[(step + 1) * epochs / steps for step in points],
        y=to_list(losses[:: points.step]),
        mode="lines",
        line={"color": translucent(colour(0), 0.35), "width": 1},
        name="loss of a minibatch",
    )


def _lines(metric: Metric) -> list[tuple[str, str, str, float]]:
    """Return each line's curve, name, panel's suffix and first epoch. A mean stands in its epoch's middle."""
    training = metric.name.replace(VALIDATION, "training", 1)
    return [
        (TRAIN_LOSS, "loss, mean of an epoch", "", 0.5),
        (metric.curve.replace(VALIDATION, TRAIN, 1), training, "2", 1),
        (metric.curve, metric.name, "2", 1),
    ]


def _add_epochs(
    figure: go.Figure,
    label: str,
    curves: Curves,
    line: tuple[str, str, str, float],
    number: int,
    is_first: bool,
) -> None:
    """Add a line of one value an epoch: bold and in the legend for the first run, pale for the others."""
    curve, name, panel, start = line
    values = curves.get(curve, [])
    figure.add_scatter(
        x=[start + epoch for epoch in range(len(values))],
        y=to_list(values),
        name=name,
        line={"color": colour(number), "width": 2 if is_first else 1},
        opacity=1 if is_first else 0.5,
        legendgroup=name,
        showlegend=is_first,
        hovertemplate=f"{label}: {name} %{{y:.4g}}<extra></extra>",
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
    )
