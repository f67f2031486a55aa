"""The options of `search`, each a way through a space."""

import optuna
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from sweeps.run import CONF
from sweeps.sweeper.sampling import WHITELIST


@pytest.mark.parametrize("search", sorted(path.stem for path in (CONF / "search").glob("*.yaml")))
def test_a_search_leaves_no_argument_to_another_sampler_or_pruner(search: str) -> None:
    others = ["hydra/sweeper/sampler=random", "hydra/sweeper/pruner=none"]
    with initialize_config_dir(str(CONF)):
        config = compose("config", [f"search={search}", *others], return_hydra_config=True)
    assert set(config.hydra.sweeper.sampler) == {"_target_", "seed"}
    assert set(config.hydra.sweeper.pruner) == {"_target_"}


def test_hyperband_prunes_before_a_first_trial_has_ended() -> None:
    with initialize_config_dir(str(CONF)):
        config = compose("config", ["hydra/sweeper/pruner=hyperband", "epochs=9"], return_hydra_config=True)
    pruner = instantiate(config.hydra.sweeper.pruner, _execution_whitelist_=WHITELIST)
    study = optuna.create_study(study_name="study", pruner=pruner)
    pruned = 0
    for number in range(12):
        trial = study.ask()
        for step in range(1, 10):
            trial.report(float(number), step)
            pruned += trial.should_prune()
    assert pruned
