"""A grid whose best learning rate lies at an end gets further ones there, however often it is interrupted."""

import os
import signal
from itertools import product
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution

from tests.conftest import Toy, finish, wait_for

SGD = ("shape=sgd", "hydra.sweeper.direction=maximize")
SEEDS = "+hydra.sweeper.replicates.seed=[0,1,2]"
SMALL = (*SGD, SEEDS, "shape.lr=0.1,0.01", "shape.momentum=0.0,0.9")
MOMENTA = (0.0, 0.9)


def settings_of(toy: Toy) -> list[tuple[float, float]]:
    """Return learning rate and momentum of each trial, which must all be complete."""
    trials = toy.study("toy/shape=sgd").trials
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    return [(trial.params["shape.lr"], trial.params["shape.momentum"]) for trial in trials]


def widening_of(toy: Toy) -> dict[str, Any]:
    """Return the study's attribute."""
    attribute: dict[str, Any] = toy.study("toy/shape=sgd").user_attrs["widening"]
    return attribute


def rows_up(*lrs: float) -> list[dict[str, Any]]:
    return [{"end": "high", "lr": lr} for lr in lrs]


@pytest.fixture(scope="module")
def climb(tmp_path_factory: pytest.TempPathFactory) -> tuple[Toy, str]:
    """The worked sweep, and what it printed."""
    toy = Toy(tmp_path_factory.mktemp("climb"))
    return toy, toy.run(*SGD, SEEDS, "pause=0.02", "hydra.sweeper.extend=4")


def test_the_worked_grid_is_widened_to_1_by_two_rows(climb: tuple[Toy, str]) -> None:
    toy, printed = climb
    settings = settings_of(toy)
    momenta = (0.0, 0.5, 0.9, 0.95, 0.99)
    assert sorted(settings[:20]) == list(product((0.001, 0.005, 0.01, 0.1), momenta))
    assert settings[20:] == list(product((0.3, 1.0), momenta))
    attributes = toy.study("toy/shape=sgd").user_attrs
    assert attributes["widening"] == {"rows": rows_up(0.3, 1.0), "stopped": "inside"}
    assert (attributes["extend"], attributes["planned"]) == (4, 30)
    assert len(toy.journal("start")) == len(set(toy.journal("start"))) == 90
    for lr in ("0.3", "1"):
        assert printed.count(f"sgd is best at the largest lr: 5 more settings at lr={lr}\n") == 1
    assert "30/30" in printed


def test_the_workers_that_begin_a_sweep_run_its_rows_too(climb: tuple[Toy, str]) -> None:
    workers, rows = set(), set()
    for line in (climb[0].folder / "journal").read_text().splitlines():
        if line.startswith("start "):
            _, process, job = line.split(" ", 2)
            workers.add(process)
            rows |= {process} if "shape.lr=0.3" in job or "shape.lr=1.0" in job else set()
    assert len(workers) == 2
    assert rows == workers


def test_each_trial_keeps_its_learning_rate_on_a_logarithmic_scale_that_holds_it(
    climb: tuple[Toy, str],
) -> None:
    trials = climb[0].study("toy/shape=sgd").trials
    scales = [trial.distributions["shape.lr"] for trial in trials]
    declared = FloatDistribution(0.001, 0.1, log=True)
    widened = [FloatDistribution(0.001, high, log=True) for high in (0.3, 1.0)]
    assert scales == [declared] * 20 + [widened[0]] * 5 + [widened[1]] * 5


def test_a_finished_sweep_started_again_trains_nothing_and_is_widened_no_more(climb: tuple[Toy, str]) -> None:
    toy, _ = climb
    toy.run_here(*SGD, SEEDS, "pause=0.02", "hydra.sweeper.extend=20")
    assert len(toy.journal("start")) == 90
    assert widening_of(toy) == {"rows": rows_up(0.3, 1.0), "stopped": "inside"}


def test_a_widening_killed_in_the_middle_is_finished_once_by_two_drivers(toy: Toy) -> None:
    extended = (*SMALL, "hydra.sweeper.extend=2")
    toy.hold(4 * 3 + 2)
    process = toy.start(*extended)
    wait_for(toy.waiting_processes, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    recorded = toy.recorded_jobs()
    assert len(recorded) > 4 * 2  # of two of the three seeds
    toy.release()
    alone = ("hydra/launcher=basic", "hydra.sweeper.n_jobs=1")
    drivers = [toy.start(*extended, *alone) for _ in range(2)]
    for driver in drivers:
        assert "Dashboard: " in finish(driver)
    assert sorted(settings_of(toy)) == list(product((0.01, 0.1, 0.3, 1.0), MOMENTA))
    assert widening_of(toy) == {"rows": rows_up(0.3, 1.0), "stopped": "rows"}
    assert [toy.journal("start").count(job) for job in recorded] == [1] * len(recorded)


def test_a_row_that_was_decided_but_not_enqueued_is_enqueued_by_the_next_start(toy: Toy) -> None:
    toy.run_here(*SMALL)
    study = toy.study("toy/shape=sgd")
    assert "widening" not in study.user_attrs
    # As a driver leaves it that is killed between its two writes.
    study.set_user_attr("widening", {"rows": rows_up(0.3), "stopped": ""})
    toy.run_here(*SMALL, "hydra.sweeper.extend=1")
    assert settings_of(toy)[4:] == list(product((0.3,), MOMENTA))


def test_a_larger_extend_goes_on_where_rows_were_used_up_until_the_options_own_limits(toy: Toy) -> None:
    toy.run_here(*SMALL, "hydra.sweeper.extend=1")
    assert widening_of(toy) == {"rows": rows_up(0.3), "stopped": "rows"}
    toy.run_here(*SMALL)
    assert len(settings_of(toy)) == 6
    assert toy.study("toy/shape=sgd").user_attrs["extend"] == 1
    toy.run_here(*SMALL, "hydra.sweeper.extend=4")
    assert settings_of(toy)[6:] == list(product((1.0,), MOMENTA))
    assert widening_of(toy) == {"rows": rows_up(0.3, 1.0), "stopped": "limits"}


def test_a_learning_rate_that_the_application_refuses_is_a_limit(toy: Toy) -> None:
    toy.run_here(*SMALL, "hydra.sweeper.extend=4", "hydra.sweeper.check=app.check")
    assert widening_of(toy) == {"rows": rows_up(0.3), "stopped": "limits"}
    assert len(settings_of(toy)) == 6


DECLARED_ALONE = {
    "extend=0": (SEEDS, "hydra.sweeper.extend=0"),
    "n_trials": (SEEDS, "hydra.sweeper.n_trials=4"),
    "one seed": ("+hydra.sweeper.replicates.seed=[0]",),
    "one learning rate": (SEEDS, "shape.lr=choice(0.1)"),
    "another sampler": (SEEDS, "hydra/sweeper/sampler=random", "hydra.sweeper.n_trials=2"),
    "pruned": (SEEDS, "hydra/sweeper/pruner=median"),
}


@pytest.mark.parametrize("overrides", DECLARED_ALONE.values(), ids=DECLARED_ALONE)
def test_a_grid_is_the_declared_one_alone(overrides: tuple[str, ...], toy: Toy) -> None:
    toy.run_here(*SMALL, "hydra.sweeper.extend=4", *overrides)
    study = toy.study("toy/shape=sgd")
    assert {trial.params["shape.lr"] for trial in study.trials} <= {0.01, 0.1}
    assert study.user_attrs["extend"] == 0
    assert "widening" not in study.user_attrs


@pytest.mark.parametrize("limits", ["[1]", "[1,0.1]", "[-1,1]"])
def test_limits_that_are_none_are_refused(limits: str, toy: Toy, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        toy.run_here(*SMALL, "hydra.sweeper.extend=4", f"hydra.sweeper.lr_limits={limits}")
    assert "must be [lowest, highest]" in capfd.readouterr().err
    assert not optuna.get_all_study_names(toy.storage)
