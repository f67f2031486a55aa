"""The figures, one by one and as a list."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
import pytest
from optuna.storages import BaseStorage

from sweeps.compare.output import forest_plots
from sweeps.compare.several import compare_sweeps
from sweeps.report.figures import all as figures
from sweeps.report.figures import best_by_lr, effective_lr, epochs_to_target, expected_best, maps, scores
from sweeps.report.figures.curves import drops, learning_curves
from sweeps.report.figures.focus import focus
from sweeps.report.figures.style import parameter_axis, to_list
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.metric import Metric
from tests.support.studies import adaptive_study, confirm, grid_study, hill, two_confirmed
from tests.support.sweeps import SWEEPS as SAMPLES
from tests.support.worked_sweeps import worked_sweeps


def cliff(params: Mapping[str, Any], seed: int) -> float:
    """Return a hill's score, and none at the largest learning rate."""
    return -math.inf if params["optimizer.lr"] == 0.1 else hill(params, seed)


SWEEPS: dict[str, Callable[[BaseStorage], object]] = {
    "confirmed": lambda storage: two_confirmed(storage, gap=1.0),
    "conditions": lambda storage: grid_study(
        storage, "sgd", replicates={"seed": [0, 1], "model.norm": ["batch", "none"]}
    ),
    "adaptive": lambda storage: adaptive_study(storage, "sgd"),
    "not begun": lambda storage: grid_study(storage, "sgd", settings=0),
    "infinite": lambda storage: grid_study(storage, "sgd", lambda *_: -math.inf),
    "partly infinite": lambda storage: grid_study(storage, "sgd", cliff),
}

# Of several sweeps, with a difference in each and in none.
PAIR_PLOTS = [
    *forest_plots(compare_sweeps(worked_sweeps())),
    *forest_plots(compare_sweeps([replace(each, comparisons=[]) for each in worked_sweeps()])),
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


def test_drops_are_the_epochs_with_a_smaller_learning_rate_unless_it_is_a_curve() -> None:
    assert drops([0.1, 0.1, 0.05, 0.05, 0.1, 0.025]) == [(3, 0.05), (6, 0.025)]
    assert drops([1 / epoch for epoch in range(1, 100)]) == []
    assert drops([]) == []


def test_learning_curves_draw_the_loss_of_each_step_and_epoch_and_both_accuracies() -> None:
    curves: dict[str, list[float]] = {
        "train_loss": [2, 1],
        "train_accuracy": [50, 60],
        "validation_accuracy": [55, 65],
        "lr": [1, 0.5],
    }
    epochs = learning_curves("sgd", {"seed=0": curves, "seed=1": curves})
    assert [list(trace.y) for trace in epochs.data] == [[2, 1], [50, 60], [55, 65]] * 2
    steps = learning_curves("sgd", {"seed=0": curves}, np.arange(40.0).tolist())
    # Twenty steps an epoch; an epoch's mean stands in its middle.
    assert list(steps.data[0].y) == list(range(40))
    assert [steps.data[0].x[number] for number in (0, 19, 39)] == [0.05, 1, 2]
    assert [list(trace.x) for trace in steps.data[1:]] == [[0.5, 1.5], [1, 2], [1, 2]]
    # The second epoch began with half the learning rate.
    [drop], [label] = steps.layout.shapes, steps.layout.annotations
    assert (drop.x0, label.text, label.xref) == (1, "lr 0.5", "x2")
    assert learning_curves("not begun", {"run": {}}).data
    assert_is_json(steps)


def assert_is_json(figure: go.Figure) -> None:
    """Check that a figure holds lists: the dashboard's plotly.js reads no packed arrays."""
    assert "bdata" not in json.dumps(json.loads(str(figure.to_json())))


def findings_of(sweep: str) -> list[Findings]:
    """Return the findings of one of the sample sweeps of all reports."""
    storage = optuna.storages.InMemoryStorage()
    SAMPLES[sweep](storage)
    return load_findings(storage, None)


def test_the_first_figure_marks_what_is_recommended_and_shades_what_widening_added() -> None:
    studies = findings_of("widened")
    figure = best_by_lr.draw(studies)
    spans = [(shape.x0, shape.x1) for shape in figure.layout.shapes]
    # First what was searched, then what was declared: of SGD, of Adam.
    assert spans == [(0.001, 1), (0.001, 0.1), (0.001, 0.1), (0.001, 0.1)]
    [marks] = [trace for trace in figure.data if trace.name == "recommended"]
    picks = [findings.recommended_pick for findings in studies]
    assert list(marks.x) == [pick.params["optimizer.lr"] for pick in picks if pick]
    assert list(marks.y) == [pick.tuned.mean.value for pick in picks if pick and pick.tuned]
    assert scores.draw(studies[0]).layout.xaxis.ticktext == ("0.001", "0.01", "0.1", "0.3", "1")


def test_the_best_at_a_learning_rate_is_the_smallest_of_a_minimised_metric() -> None:
    findings = findings_of("minimised")[0]
    figure = best_by_lr.draw([findings])
    means: dict[float, list[float]] = {}
    for setting in findings.measurement.complete:
        means.setdefault(setting.params["optimizer.lr"], []).append(setting.mean)
    assert list(figure.data[0].y) == [min(values) for values in means.values()]
    cells = maps.draw(findings).data[0]
    best = cells.customdata.index(min(cells.customdata))
    assert cells.marker.color[best] == "rgb(254, 232, 56)"  # Cividis' lightest


def test_settings_of_one_effective_learning_rate_lie_above_each_other() -> None:
    figure = effective_lr.draw(findings_of("widened")[0])
    lines = {trace.name: trace for trace in figure.data if trace.name}
    assert lines["momentum=0"].x == (0.001, 0.01, 0.1, 0.3, 1)
    assert lines["momentum=0.9"].x == pytest.approx((0.01, 0.1, 1, 3, 10))
    assert re.search(
        r"lr/\(1 - momentum\), R² -?\d\.\d\d \(of lr alone -?\d\.\d\d\)$", figure.layout.title.text
    )


def test_the_epochs_of_each_fresh_run_are_drawn_with_their_median() -> None:
    joint = compare_studies(findings_of("different"))
    assert joint.speed is not None
    figure = epochs_to_target.draw(joint)
    runs, median = figure.data[:2]
    # Validation scores of 60, 85 and more, epoch by epoch: 80 is reached in the second.
    assert (joint.speed.target, set(runs.x), median.x) == (80, {2}, (2,))
    assert len(runs.x) == joint.speed.epochs["sgd"].runs
    assert set(runs.y) == {f"sgd<br>{len(runs.x)} of {len(runs.x)}"}


def test_a_frame_that_starts_at_the_good_runs_counts_the_others_on_a_button() -> None:
    metric = Metric("accuracy", "%")
    groups = [[90.0, 91, 92, 93, 94, 95, 20, np.nan], [88.0, 89]]
    figure = focus(go.Figure(), groups, metric)
    [menu] = figure.layout.updatemenus
    assert [button.label for button in menu.buttons] == ["best scores", "all scores (1 more)"]
    first, rest = (button.args[0]["yaxis.range"] for button in menu.buttons)
    assert list(figure.layout.yaxis.range) == first
    assert rest[0] < 20 < first[0] < 88 < 95 < first[1]
    assert not focus(go.Figure(), [[20.0, 90, 91]], metric).layout.updatemenus  # too few to hide one


def test_labels_that_would_touch_are_left_out_but_the_last() -> None:
    axes = [
        Axis("optimizer.lr", values, ordered=True, log=True)
        for values in ([0.001, 0.005, 0.1], [0.001, 0.003, 0.01, 0.09])
    ]
    layout = parameter_axis(axes)
    assert layout["tickvals"] == [0.001, 0.005, 0.01, 0.1]


def test_a_map_leaves_out_what_is_unknown() -> None:
    storage = optuna.storages.InMemoryStorage()
    grid_study(storage, "sgd", settings=3)
    [cells] = maps.draw(load_findings(storage, None)[0]).data
    assert cells.hovertext == ("lr=0.001 momentum=0", "lr=0.01 momentum=0", "lr=0.001 momentum=0.9")
    assert (cells.base, cells.x) == ((-0.5, 0.5, -0.5), ("momentum=0", "momentum=0", "momentum=0.9"))
    means = [setting.mean for setting in load_findings(storage, None)[0].measurement.settings]
    assert cells.customdata == (means[0], means[2], means[1])


def test_the_best_of_k_has_a_line_on_fresh_seeds_where_all_settings_were_trained_on_them() -> None:
    storage = optuna.storages.InMemoryStorage()
    study = grid_study(storage, "sgd", diverges=False)
    assert len(expected_best.draw(load_findings(storage, None)).data) == 2  # the band and the curve
    confirm(study, [trial.params for trial in study.trials], hill, hill)
    [findings] = load_findings(storage, None)
    [*_, fresh] = expected_best.draw([findings]).data
    assert fresh.name == "sgd, on fresh seeds"
    assert findings.series.best_of_k is not None
    assert list(fresh.y) == to_list(findings.series.best_of_k.honest)
