"""The options of `search`, each a way through a space."""

import pytest
from hydra import compose, initialize_config_dir

from sweeps.run import CONF


@pytest.mark.parametrize("search", sorted(path.stem for path in (CONF / "search").glob("*.yaml")))
def test_a_search_leaves_no_argument_to_another_sampler_or_pruner(search: str) -> None:
    others = ["hydra/sweeper/sampler=random", "hydra/sweeper/pruner=none"]
    with initialize_config_dir(str(CONF)):
        config = compose("config", [f"search={search}", *others], return_hydra_config=True)
    assert set(config.hydra.sweeper.sampler) == {"_target_", "seed"}
    assert set(config.hydra.sweeper.pruner) == {"_target_"}
