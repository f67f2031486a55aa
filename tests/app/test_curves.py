"""The two plots of a single run."""

from pathlib import Path

import pytest
import torch

from sweeps.app import curves
from sweeps.training.run import Epoch


def epochs(*rates: float) -> list[Epoch]:
    return [Epoch(number, 1.0, 80.0 + number, 1.0, 90.0 - number, lr) for number, lr in enumerate(rates, 1)]


@pytest.mark.parametrize("steps", [1, 7, 10, 25])
def test_the_running_mean_is_that_of_the_last_values_or_of_all_there_are(steps):
    values = torch.randn(steps)
    expected = [values[max(0, end - 10) : end].double().mean() for end in range(1, steps + 1)]
    torch.testing.assert_close(curves.running_mean(values, 10), torch.stack(expected))


def test_an_epoch_is_marked_where_its_learning_rate_fell():
    assert curves.drops(epochs(0.1, 0.1, 0.05, 0.05, 0.1, 0.025)) == [(3, 0.05), (6, 0.025)]
    assert curves.drops(epochs(*(1 / number for number in range(1, 100)))) == []
    assert curves.drops([]) == []


def test_the_page_holds_both_plots_every_loss_and_every_drop_and_loads_nothing(tmp_path: Path):
    path = tmp_path / "curves.html"
    losses = torch.linspace(2, 1, 12)
    curves.write(path, losses, epochs(0.1, 0.1, 0.05), "sgd")
    page = path.read_text()
    assert "lr 0.05" in page
    assert all(label in page for label in ("loss of a minibatch", "training, while it trained", "validation"))
    assert "<script src=" not in page
    traces = [*curves.loss_traces(losses), *curves.accuracy_traces(epochs(0.1, 0.05))]
    each, _, trained, validated = (list(trace.y) for trace in traces)
    assert each == losses.tolist()
    assert (trained, validated) == ([81.0, 82.0], [89.0, 88.0])


def test_a_run_that_diverged_at_once_has_plots_too(tmp_path: Path):
    curves.write(tmp_path / "curves.html", torch.empty(0), [], "sgd")
    assert (tmp_path / "curves.html").exists()
