"""A grid's numbers are stored as numbers, and come back as they went."""

from itertools import product
from typing import Any

import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from sweeps.sweeper.grid import list_values, stored_distribution
from tests.conftest import Toy

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
