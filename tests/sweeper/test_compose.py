"""The configs of jobs are those that Hydra composes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from sweeps.run import CONF
from sweeps.sweeper.compose import Composer
from tests.conftest import REPOSITORY

TOY = REPOSITORY / "tests" / "support" / "toy" / "conf"
# Changed, replaced, appended and removed values.
VALUES = ["seed=3", "warmup={epochs:1}", "+extra.depth=2", "~warmup.start_factor", "++model.width=7"]


def options(folder: Path) -> list[str]:
    """The override of each option of each group."""
    paths = sorted(path.relative_to(folder).with_suffix("") for path in folder.rglob("*.yaml"))
    return [f"{path.parent}={path.name}" for path in paths if path.parent != Path()]


@contextmanager
def composer(folder: Path, *overrides: str) -> Iterator[Composer]:
    """A sweep's composer."""
    with initialize_config_dir(str(folder)):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        loader = hydra.config_loader
        config = loader.load_configuration("config", list(overrides), run_mode=RunMode.MULTIRUN)
        yield Composer(config, HydraContext(config_loader=loader, callbacks=Callbacks()))


def contents(config: DictConfig) -> tuple[object, ...]:
    """All that a config holds, and whether it takes new keys."""
    return OmegaConf.to_container(config, resolve=False), OmegaConf.is_struct(config)


def assert_composes_as_hydra(composed: Composer, overrides: list[str]) -> None:
    hydra = composed.hydra_context.config_loader.load_sweep_config(composed.config, overrides)
    for _ in range(2):  # the second is made from what the first one left
        config = composed.compose(overrides)
        assert contents(config) == contents(hydra)
        assert contents(config.hydra) == contents(hydra.hydra)
    with_hydra = OmegaConf.to_container(hydra, resolve=False)
    assert isinstance(with_hydra, dict)
    del with_hydra["hydra"]
    task = composed.compose(overrides, with_hydra=False)
    assert contents(task) == (with_hydra, OmegaConf.is_struct(hydra))
    # The text of what values don't touch is the one of the job before.
    for others in ([*overrides, "++model.width=8"], [*overrides, "++seed=4"], overrides):
        task = composed.compose(others, with_hydra=False)
        assert composed.task_to_yaml(task, others) == OmegaConf.to_yaml(task)


@pytest.mark.parametrize("option", options(CONF))
def test_a_job_with_any_option_and_with_values_has_hydras_config(option: str) -> None:
    with composer(CONF, option) as composed:
        # Hydra passes a sweeper none of its own options: they are those of the sweep.
        groups = [] if option.startswith("hydra/") else [option]
        assert_composes_as_hydra(composed, [*groups, *VALUES])
        assert_composes_as_hydra(composed, [*VALUES, *groups])


@pytest.mark.parametrize("option", options(TOY))
def test_an_added_and_a_removed_group_have_hydras_config(option: str) -> None:
    name = option.removeprefix("shape=")
    with composer(TOY) as composed:
        assert_composes_as_hydra(composed, ["~shape", "journal=here", "+pause_twice=1"])
        assert_composes_as_hydra(composed, [f"+shape@second={name}", "shape.x=7"])


@pytest.mark.parametrize("override", ["sede=3", "+seed=3", "~sede", "~seed=4", "shape.nothing=1"])
def test_what_hydra_refuses_is_refused_with_its_words(override: str) -> None:
    with composer(TOY) as composed:
        with pytest.raises(ConfigCompositionException) as hydra:
            composed.hydra_context.config_loader.load_sweep_config(composed.config, [override])
        for compose in (composed.compose, partial(composed.compose, with_hydra=False)):
            with pytest.raises(ConfigCompositionException) as refusal:
                compose([override])
            assert str(refusal.value) == str(hydra.value)
