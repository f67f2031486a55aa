"""Trials whose parameters are drawn one by one."""

import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sweeps.study.samplers import suggest

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
