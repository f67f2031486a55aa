"""The report's pages and what the dashboard shows, of studies whose scores are known."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna_dashboard._note import get_note

from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.outputs.conclude import dashboard_command
from sweeps.report.outputs.document import Document, compose_document
from sweeps.report.outputs.terminal import answer_lines
from sweeps.report.write import write_report
from tests.support.studies import (
    EACH,
    FRESH,
    JOINT,
    PICKS,
    adaptive_study,
    confirm,
    grid_study,
    hill,
    two_confirmed,
)


@pytest.fixture
def storage() -> BaseStorage:
    """A storage in memory."""
    return optuna.storages.InMemoryStorage()


def compose_report(storage: BaseStorage) -> Document:
    """The report of all that is in a storage."""
    studies = load_findings(storage, None)
    return compose_document(studies, compare_studies(studies))


def text_of(report: Document) -> str:
    """All sentences of a report."""
    sentences = [*answer_lines(report.answer, 1000), report.answer.advice]
    for part in [*report.parts, report.limits]:
        sentences += part.sentences
    return "\n".join(sentences)


def plot_names(report: Document, is_drawn: bool = True) -> list[set[str]]:
    """The names of each part's figures, or of those that aren't there."""
    return [
        {plot.name for plot in part.plots if (plot.figure is not None) == is_drawn} for part in report.parts
    ]


def test_a_confirmed_sweep_has_every_figure_and_its_answer_is_of_fresh_seeds(storage: BaseStorage) -> None:
    two_confirmed(storage, gap=1.0)
    report = compose_report(storage)
    assert plot_names(report) == [JOINT, EACH, EACH]
    sgd, _ = report.answer.rows
    assert (sgd.option, sgd.setting) == ("sgd", "lr=0.01 momentum=0")
    assert re.fullmatch(r"96\.\d\d \[9\d\.\d\d, 96\.\d\d\]", sgd.score)
    assert report.answer.note == "test accuracy in % on fresh seeds, 95 % interval"
    text = text_of(report)
    [picks] = report.parts[0].tables
    gaps = [row[picks.columns.index("against the recommended one")] for row in picks.rows]
    assert gaps[::2] == ["", ""]
    assert re.fullmatch(r"equal, within ± 0\.2 points, to it \(0\.\d+ \[0\.\d+, 0\.\d+\]\)", gaps[1])
    assert "Searched: optimizer.lr=choice(0.001,0.01,0.1)" in text
    # 1.96 sqrt(.96 .04/1000)
    assert "with 1,000 test images, 96 % is known only to ± 1.2 points" in report.answer.facts[-1]


def test_a_sweep_that_is_not_confirmed_says_so_and_names_no_test_figure(storage: BaseStorage) -> None:
    for option in ("sgd", "adam"):
        grid_study(storage, option)
    report = compose_report(storage)
    assert plot_names(report, is_drawn=False)[0] == {"epochs-to-target"}
    assert "sgd or adam: unknown, not trained on fresh seeds" in text_of(report)
    assert "test accuracy" not in text_of(report)


def test_of_an_adaptive_study_nothing_is_said_about_its_space(storage: BaseStorage) -> None:
    adaptive_study(storage, "sgd")
    report = compose_report(storage)
    assert plot_names(report) == [set(), {"scores", "curves"}]
    missing = {plot.name: plot.text for part in report.parts for plot in part.plots if plot.figure is None}
    assert "evenly spread settings" in missing["best-by-lr"]
    assert "evenly spread settings" in missing["expected-best"]
    assert "full grid" in missing["importance"]
    assert "Of the declared space" not in text_of(report)
    assert "Learning rates within" not in text_of(report)
    # 6 trials complete and near the best, 6 pruned, which might have been or not
    assert "Of the settings tried, 50 to 100 % come within 1 point" in text_of(report)


def test_a_best_lr_at_either_end_is_said(storage: BaseStorage) -> None:
    grid_study(storage, "sgd", lambda params, _: 90 + params["optimizer.lr"])
    grid_study(storage, "adam", lambda params, _: 90 - params["optimizer.lr"])
    text = text_of(compose_report(storage))
    assert "at the end of the range: smaller learning rates were not searched" in text
    assert "at the end of the range: larger learning rates were not searched" in text


def test_conditions_are_shown_as_regret(storage: BaseStorage) -> None:
    axes: dict[str, list[Any]] = {"seed": [0, 1, 2], "model.norm": ["batch", "none"]}
    grid_study(storage, "sgd", replicates=axes)
    report = compose_report(storage)
    [settings] = report.parts[1].tables
    first, second = (settings.columns.index(f"regret, norm={norm}") for norm in ("batch", "none"))
    # Some setting is the best under a condition.
    assert "0" in [row[first] for row in settings.rows]
    assert "0" in [row[second] for row in settings.rows]
    assert "Over the conditions, the robust pick falls at most" in text_of(report)


def test_settings_that_differ_by_noise_alone_have_no_important_parameter(storage: BaseStorage) -> None:
    def noise(params: Mapping[str, Any], seed: int) -> float:
        return float(97 + np.random.default_rng([seed, hash(tuple(params.values())) % 2**32]).normal())

    grid_study(storage, "sgd", noise, diverges=False)
    assert "importance" in plot_names(compose_report(storage), is_drawn=False)[1]


@pytest.mark.parametrize("done", [0, 1, 4])
def test_an_unfinished_sweep_has_a_report(storage: BaseStorage, done: int) -> None:
    grid_study(storage, "sgd", settings=done)
    text = text_of(compose_report(storage))
    assert ("no setting is measured yet" in text) == (done == 0)
    assert (f"only {done} of 6 settings ran to the end" in text) == (done > 0)


def test_a_study_of_any_program_has_a_report(tmp_path: Path) -> None:
    def plain(trial: optuna.Trial) -> float:
        return trial.suggest_float("lr", 0, 1) ** 2 + trial.suggest_int("layers", 1, 3)

    def two(trial: optuna.Trial) -> tuple[float, float]:
        return trial.suggest_float("x", 0, 1), len(trial.suggest_categorical("kind", ["a", "bb"]))

    minimize, maximize = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE
    for objective, directions in (
        (plain, [minimize]),
        (two, [minimize, maximize]),
        (lambda _: 1.0, [maximize]),
    ):
        study = optuna.create_study(directions=directions)
        study.optimize(objective, n_trials=4)
        write_report(study._storage, load_findings(study._storage, None), tmp_path)
        assert "the best of many looks too good" in get_note(study)
        assert "the best of many looks too good" in (tmp_path / "report.html").read_text()
        assert "**Use " in (tmp_path / "report.md").read_text()


def test_a_pick_that_sometimes_diverges_has_two_figures_and_is_compared_where_both_converge(
    storage: BaseStorage,
) -> None:
    cliff = {"optimizer.lr": 0.1, "optimizer.momentum": 0.0}
    study = grid_study(
        storage, "sgd", lambda params, seed: hill(params, seed) + 3 * (params["optimizer.lr"] == 0.1)
    )
    confirm(
        study,
        [*PICKS, cliff],
        hill,
        lambda params, seed: 10 if params == cliff and seed < FRESH[2] else hill(params, seed) + 0.1,
    )
    report = compose_report(storage)
    [row] = report.answer.rows
    assert (row.setting, row.remarks[0]) == ("lr=0.1 momentum=0", "2 of 6 fresh runs diverged")
    assert row.score.startswith("96.")  # the diverged runs score 10
    assert "of the runs that converge" in report.answer.note
    [picks] = report.parts[0].tables
    gap = picks.rows[0][picks.columns.index("against the recommended one")]
    assert re.fullmatch(r"[01]\.\d+ points better \[.*\] than it", gap)


def test_optimizers_are_compared_on_the_seeds_on_which_both_converge(storage: BaseStorage) -> None:
    for option, unlucky in (("sgd", FRESH[0]), ("adam", FRESH[1])):
        study = grid_study(storage, option)

        def score(_: Mapping[str, Any], seed: int, unlucky: int = unlucky) -> float:
            return 10 if seed == unlucky else 96

        confirm(study, PICKS, score, score)
    studies = load_findings(storage, None)
    [comparison] = compare_studies(studies).comparisons
    assert (comparison.seeds, comparison.excluded, comparison.difference.value) == (len(FRESH) - 2, 2, 0)
    fresh = studies[0].picks["robust"].fresh
    assert fresh is not None
    assert fresh.objective is not None
    assert (fresh.score.value, fresh.diverged_count) == (96, 1)
    assert fresh.objective.value == 96  # the diverged run is in neither mean
    assert "sgd or adam: the same on each of 4 seeds" in text_of(compose_report(storage))


def test_the_dashboards_command_is_the_readers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV", raising=False)
    assert dashboard_command("sqlite:///a b.db") == "python -m sweeps.dashboard --storage 'sqlite:///a b.db'"
    monkeypatch.setenv("UV", "/bin/uv")
    assert dashboard_command("sqlite:///a.db") == "uv run python -m sweeps.dashboard --storage sqlite:///a.db"
