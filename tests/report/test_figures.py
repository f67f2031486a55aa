"""The figures, one by one and as a list."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import plotly.graph_objects as go
import pytest
from optuna.storages import BaseStorage

from sweeps.report.figures import all as figures
from sweeps.report.figures.curves import RunCurves, drops, learning_curves, running_mean
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.findings.several import compare_sweeps
from tests.support.studies import adaptive_study, grid_study, two_confirmed
from tests.support.worked_sweeps import worked_sweeps

SWEEPS: dict[str, Callable[[BaseStorage], object]] = {
    "confirmed": lambda storage: two_confirmed(storage, gap=1.0),
    "conditions": lambda storage: grid_study(
        storage, "sgd", replicates={"seed": [0, 1], "model.norm": ["batch", "none"]}
    ),
    "adaptive": lambda storage: adaptive_study(storage, "sgd"),
    "not begun": lambda storage: grid_study(storage, "sgd", settings=0),
}

# Of several sweeps, with a difference in each and in none.
PAIR_PLOTS = [
    *figures.pair_plots(compare_sweeps(worked_sweeps())),
    *figures.pair_plots(compare_sweeps([replace(each, comparisons=[]) for each in worked_sweeps()])),
]


def plots_of(sweep: str) -> list[figures.Plot]:
    """Return all figures of a sample sweep."""
    storage = optuna.storages.InMemoryStorage()
    SWEEPS[sweep](storage)
    studies = load_findings(storage, None)
    plots = figures.joint_plots(studies, compare_studies(studies))
    for findings in studies:
        plots += figures.study_plots(findings)
    return plots


def module_name(figure: figures.Figure) -> str:
    """Return the name of a figure's file."""
    return figure.__name__.rpartition(".")[2]


@pytest.mark.parametrize("figure", figures.ALL_FIGURES, ids=module_name)
def test_a_figure_in_the_list_has_a_title_and_text_and_is_drawn_or_says_why_not(
    figure: figures.Figure,
) -> None:
    assert figure.TITLE[0].isupper()
    assert figure.HOW_TO_READ.strip().endswith(".")
    name = module_name(figure).replace("_", "-")
    plots = [plot for sweep in SWEEPS for plot in plots_of(sweep)]
    plots = [plot for plot in [*plots, *PAIR_PLOTS] if plot.name.startswith(name)]
    assert any(plot.figure is not None and plot.figure.data for plot in plots)
    for plot in plots:
        expected = " ".join(figure.HOW_TO_READ.split())
        assert plot.title.startswith(figure.TITLE)
        assert (plot.text == expected) == (plot.figure is not None)
        assert plot.text.endswith(".")


def test_every_file_with_a_title_is_in_the_list() -> None:
    folder = Path(str(figures.__file__)).parent
    files = {path.stem for path in folder.glob("*.py") if "\nTITLE = " in path.read_text()}
    assert files == {module_name(figure) for figure in figures.ALL_FIGURES}


@pytest.mark.parametrize("steps", [1, 9, 10, 11, 35])
def test_the_running_mean_is_that_of_the_last_values_or_of_all_there_are(steps: int) -> None:
    values = np.random.default_rng(0).normal(size=steps)
    expected = [values[max(0, end - 10) : end].mean() for end in range(1, steps + 1)]
    # sums of up to 35 numbers near 1 in float64
    assert running_mean(list(values), 10) == pytest.approx(expected, abs=1e-13)


def test_drops_are_the_epochs_with_a_smaller_learning_rate_unless_it_is_a_curve() -> None:
    assert drops([0.1, 0.1, 0.05, 0.05, 0.1, 0.025]) == [(3, 0.05), (6, 0.025)]
    assert drops([1 / epoch for epoch in range(1, 100)]) == []
    assert drops([]) == []


def test_learning_curves_draw_the_loss_of_each_step_or_epoch_and_both_accuracies() -> None:
    curves: dict[str, list[float]] = {
        "train_loss": [2, 1],
        "train_accuracy": [50, 60],
        "validation_accuracy": [55, 65],
        "lr": [1, 0.5],
    }
    epochs = learning_curves("sgd", [RunCurves("seed=0", curves), RunCurves("seed=1", curves)])
    assert [list(trace.y) for trace in epochs.data] == [[2, 1]] * 2 + [[50, 60], [55, 65]] * 2
    steps = learning_curves("sgd", [RunCurves("seed=0", curves, np.arange(40.0).tolist())])
    assert list(steps.data[0].y) == list(range(40))
    assert steps.data[1].name == "its mean over 4 steps"
    assert steps.layout.annotations[0].text == "lr 0.5"
    assert learning_curves("not begun", [RunCurves("run", {})]).data
    assert_is_json(steps)


def assert_is_json(figure: go.Figure) -> None:
    """Check that a figure holds lists: the dashboard's plotly.js reads no packed arrays."""
    assert "bdata" not in json.dumps(json.loads(str(figure.to_json())))
