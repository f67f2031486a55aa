"""Trials whose parameters are drawn one by one."""

from collections.abc import Sequence
from typing import Any

import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sweeps.study.optuna_internals import storage_of
from sweeps.study.samplers import Grid, RandomPoints, reseed, suggest

SPACES = [
    FloatDistribution(1e-4, 1, log=True),
    FloatDistribution(0, 0.9, step=0.3),
    IntDistribution(2, 8, step=3),
    IntDistribution(1, 100, log=True),
    CategoricalDistribution(["[0.9, 0.99]", None, True, 3]),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_suggested_parameter_has_the_space_that_ask_would_give_it(space: BaseDistribution) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trial = study.ask()
    suggest(trial, "x", space)
    assert trial.distributions == {"x": space} == study.ask({"x": space}).distributions


SPACE: dict[str, BaseDistribution] = {
    "x": FloatDistribution(0, 1),
    "kind": CategoricalDistribution(["a", "b", "c"]),
}


def draw(samplers: Sequence[optuna.samplers.BaseSampler], count: int) -> list[dict[str, Any]]:
    """Return the parameters that workers draw for a study's trials in turn."""
    studies = [optuna.create_study(sampler=samplers[0])]
    name, storage = studies[0].study_name, storage_of(studies[0])
    studies += [optuna.load_study(study_name=name, storage=storage, sampler=other) for other in samplers[1:]]
    return [studies[number % len(studies)].ask(SPACE).params for number in range(count)]


def test_random_points_are_those_of_one_process_whoever_draws_them() -> None:
    expected = draw([optuna.samplers.RandomSampler(seed=3)], 9)
    assert draw([RandomPoints(SPACE, seed=3)], 9) == expected
    assert draw([RandomPoints(SPACE, seed=3), RandomPoints(SPACE, seed=3)], 9) == expected


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_sampler_with_others_within_it_draws_by_the_number_of_the_trial() -> None:
    seen = []
    for _ in range(2):
        fixed = optuna.samplers.PartialFixedSampler({"kind": "b"}, optuna.samplers.TPESampler())
        study = optuna.create_study(sampler=fixed)
        trial = study.ask()
        reseed(fixed, 3, trial.number)
        seen.append(trial.suggest_float("x", 0, 1))
    assert seen[0] == seen[1]


def test_a_grid_under_ask_and_tell_ends_without_an_error() -> None:
    study = optuna.create_study(sampler=Grid({"x": [0, 1]}))
    for _ in range(2):
        trial = study.ask({"x": IntDistribution(0, 1)})
        study.tell(trial, trial.params["x"])
    assert sorted(trial.value or 0 for trial in study.trials) == [0, 1]
