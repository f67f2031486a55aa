"""A grid's numbers are stored as numbers, and come back as they went."""

from itertools import product
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from sweeps.report.findings.load import load_findings
from sweeps.report.write import write_report
from sweeps.sweeper.grid import list_values, stored_distribution
from tests.conftest import Toy
from tests.support.recorder import Recorder

STEPS = ("steps=1", "steps=2")
SETTINGS = {"shape.x=0.1", "shape.x=1", *STEPS}

STORED: dict[tuple[Any, ...], tuple[str, BaseDistribution]] = {
    (0.1, 0.01, 0.005): ("optimizer.lr", FloatDistribution(0.005, 0.1, log=True)),
    (0.1, 0.05): ("optimizer.lr", FloatDistribution(0.05, 0.1, log=True)),
    (1, 10): ("lr", FloatDistribution(1, 10, log=True)),
    (0.0, 0.5, 0.99): ("optimizer.momentum", FloatDistribution(0, 0.99)),
    (0.01, 1.0): ("1 - optimizer.momentum", FloatDistribution(0.01, 1, log=True)),
    (64, 256): ("batch_size", IntDistribution(64, 256)),
    (16, 256): ("batch_size", IntDistribution(16, 256, log=True)),
    (0, 0.5): ("model.dropout", FloatDistribution(0, 0.5)),
    (True, False): ("nesterov", CategoricalDistribution((True, False))),
    (1, None): ("x", CategoricalDistribution((1, None))),
    ("[1,2]", "[3]"): ("x", CategoricalDistribution(("[1,2]", "[3]"))),
    (float("inf"), 1.0): ("x", CategoricalDistribution((float("inf"), 1.0))),
    (2**53 + 1, 1): ("x", CategoricalDistribution((2**53 + 1, 1))),
}


@pytest.mark.parametrize(("values", "expected"), STORED.items(), ids=map(str, STORED))
def test_numbers_are_stored_as_numbers_and_all_else_as_categories(
    values: tuple[Any, ...], expected: tuple[str, BaseDistribution]
) -> None:
    name, distribution = expected
    assert stored_distribution(name, list(values)) == distribution


def test_a_grid_takes_each_number_once_and_ascending_and_no_number_as_declared() -> None:
    assert list_values("x", CategoricalDistribution((2, 0.5, 1, 2))) == [0.5, 1.0, 2.0]
    assert [type(value) for value in list_values("x", CategoricalDistribution((2, 1)))] == [int, int]
    assert list_values("x", CategoricalDistribution(("b", "a"))) == ["b", "a"]


def test_a_job_gets_a_grids_numbers_as_they_were_declared(toy: Toy) -> None:
    toy.run_here("shape=bowl", "shape.x=0.1,1", "steps=1,2")
    study = toy.study("toy/shape=bowl")
    assert study.user_attrs["grid"] == {"shape.x": [0.1, 1.0], "steps": [1, 2]}
    jobs = {frozenset(job.split(",")) & SETTINGS for job in toy.journal("start")}
    assert jobs == {frozenset(setting) for setting in product(("shape.x=0.1", "shape.x=1"), STEPS)}


def test_some_of_a_billion_settings_are_swept_and_reported(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, {"config": {"x": 0, "y": 0, "z": 0, "n": 0}}, lambda config: config["x"])
    space = [f"{key}=range(1,1001)" for key in "xyz"]
    assert len(recorder.sweep(*space, "hydra.sweeper.n_trials=3")) == 3
    random = ("hydra/sweeper/sampler=random", "hydra.sweeper.study_name=random", "hydra.sweeper.n_trials=3")
    recorder.sweep(*random, "n=range(0,1000000000)")
    storage = optuna.storages.get_storage(recorder.storage)
    write_report(storage, load_findings(storage, None), tmp_path)
    assert len({tuple(trial.params.values()) for trial in recorder.study().trials}) == 3


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (("x=range(1,1001)", "y=range(1,1001)", "z=range(1,1001)"), ["1,000,000,000 settings", "n_trials="]),
        (("x=range(0,1000000000)",), ["x has 1,000,000,000 values", "hydra/sweeper/sampler=tpe"]),
    ],
)
def test_more_settings_than_anyone_trains_are_counted_first(
    space: tuple[str, ...], words: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder(tmp_path, {"config": {"x": 0, "y": 0, "z": 0}}, lambda config: config["x"])
    with pytest.raises(SystemExit):
        recorder.sweep(*space)
    message = capfd.readouterr().err
    assert all(word in message for word in words), message
