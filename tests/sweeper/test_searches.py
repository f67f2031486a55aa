"""The options of `search`, each a way through a space."""

import warnings
from typing import Any

import optuna
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig

from sweeps.run import CONF
from sweeps.sweeper.sampling import WHITELIST


def build(option: DictConfig) -> Any:
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        return instantiate(option, _execution_whitelist_=WHITELIST)


@pytest.mark.parametrize("search", sorted(path.stem for path in (CONF / "search").glob("*.yaml")))
def test_a_search_leaves_no_argument_to_another_sampler_or_pruner(search: str) -> None:
    others = ["hydra/sweeper/sampler=random", "hydra/sweeper/pruner=none"]
    with initialize_config_dir(str(CONF)):
        config = compose("config", [f"search={search}", *others], return_hydra_config=True)
    assert set(config.hydra.sweeper.sampler) == {"_target_", "seed"}
    assert set(config.hydra.sweeper.pruner) == {"_target_"}


# None: by the number of objectives, jointly with one.
@pytest.mark.parametrize(
    ("sampler", "is_joint", "is_liar"),
    [("tpe", False, False), ("tpe5", None, True), ("adaptive", True, False)],
)
def test_each_tpe_is_of_the_kind_that_its_option_says(
    sampler: str, is_joint: bool | None, is_liar: bool
) -> None:
    with initialize_config_dir(str(CONF)):
        config = compose("config", [f"hydra/sweeper/sampler={sampler}"], return_hydra_config=True)
    built = build(config.hydra.sweeper.sampler)
    assert (built._multivariate, built._constant_liar) == (is_joint, is_liar)


def test_hyperband_prunes_before_a_first_trial_has_ended() -> None:
    with initialize_config_dir(str(CONF)):
        config = compose("config", ["hydra/sweeper/pruner=hyperband", "epochs=9"], return_hydra_config=True)
    pruner = build(config.hydra.sweeper.pruner)
    study = optuna.create_study(study_name="study", pruner=pruner)
    pruned = 0
    for number in range(12):
        trial = study.ask()
        for step in range(1, 10):
            trial.report(float(number), step)
            pruned += trial.should_prune()
    assert pruned
