"""The two plots of a run: the loss of every minibatch with its running mean, and accuracy epoch by epoch."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import plotly.graph_objects as go
from plotly.subplots import make_subplots
from torch import Tensor

from sweeps.training.run import Epoch

# Minibatches in the running mean.
WINDOW = 100
# More falls of the learning rate than these are a curve, and get no mark each.
MARKED = 20


def write(path: Path, losses: Tensor, epochs: Sequence[Epoch], title: str) -> None:
    """Write both plots as one page that needs no network."""
    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.12)
    figure.add_traces(loss_traces(losses), rows=1, cols=1)
    figure.add_traces(accuracy_traces(epochs), rows=2, cols=1)
    steps = len(losses) // len(epochs) if epochs else 0
    for epoch, lr in drops(epochs):
        mark = {"line_dash": "dot", "line_color": "gray", "line_width": 1}
        figure.add_vline(x=(epoch - 1) * steps, row=1, col=1, **mark)
        figure.add_vline(
            x=epoch - 0.5, row=2, col=1, annotation_text=f"lr {lr:g}", annotation_textangle=90, **mark
        )
    figure.update_xaxes(title_text="minibatch", row=1, col=1)
    figure.update_yaxes(title_text="cross-entropy in nats", row=1, col=1, type="log")
    figure.update_xaxes(title_text="epoch", row=2, col=1)
    figure.update_yaxes(title_text="accuracy in %", row=2, col=1)
    figure.update_layout(title=title, template="plotly_white", height=900, hovermode="x unified")
    figure.write_html(path, include_plotlyjs=True)


def loss_traces(losses: Tensor) -> list[go.Scatter]:
    """The loss of every minibatch, (steps,), and its running mean over the last WINDOW of them."""
    steps = list(range(1, len(losses) + 1))
    faint = {"color": "lightsteelblue", "width": 1}
    mean = f"mean of the last {WINDOW}"
    return [
        go.Scatter(x=steps, y=losses.tolist(), name="loss of a minibatch", mode="lines", line=faint),
        go.Scatter(x=steps, y=running_mean(losses).tolist(), name=mean, mode="lines", line={"color": "navy"}),
    ]


def accuracy_traces(epochs: Sequence[Epoch]) -> list[go.Scatter]:
    """Training and validation accuracy of every epoch; the former with dropout, as it was trained."""
    numbers = [epoch.number for epoch in epochs]
    return [
        go.Scatter(x=numbers, y=[getattr(epoch, name) for epoch in epochs], name=label, line={"color": color})
        for name, label, color in (
            ("train_accuracy", "training, while it trained", "seagreen"),
            ("validation_accuracy", "validation", "darkorange"),
        )
    ]


def running_mean(values: Tensor, window: int = WINDOW) -> Tensor:
    """Mean of each value and those before it, `window` in all or as many as there are."""
    sums = values.double().cumsum(0)
    sums[window:] -= sums[:-window].clone()
    counts = sums.new_tensor(range(1, len(values) + 1)).clamp(max=window)
    return sums / counts


def drops(epochs: Sequence[Epoch]) -> list[tuple[int, float]]:
    """The epochs whose learning rate is less than the one before had, with it; none where they are many."""
    fallen = [(after.number, after.lr) for before, after in pairwise(epochs) if after.lr < before.lr]
    return fallen if len(fallen) <= MARKED else []
