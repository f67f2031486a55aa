"""The configs of jobs are those that Hydra composes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import zip_longest
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


# Groups of a run's parts, whose options leave each other alone.
PARTS = ("data", "loss", "metric", "model", "scheduler", "optimizer")


def options(folder: Path) -> list[str]:
    """The override of each option of each group."""
    paths = sorted(path.relative_to(folder).with_suffix("") for path in folder.rglob("*.yaml"))
    return [f"{path.parent}={path.name}" for path in paths if path.parent != Path()]


def choices() -> list[list[str]]:
    """Each option of conf/ once: the first of each group of parts together, the second ones, and so on.

    The last optimizers stand alone, with the schedulers that they bring.
    """
    groups = [[option for option in options(CONF) if option.startswith(f"{group}=")] for group in PARTS]
    together = [list(filter(None, choice)) for choice in zip_longest(*groups)]
    return together + [[option] for option in options(CONF) if option.split("=")[0] not in PARTS]


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


@pytest.mark.parametrize("choice", choices(), ids=" ".join)
def test_a_job_with_any_option_and_with_values_has_hydras_config(choice: list[str]) -> None:
    with composer(CONF, *choice) as composed:
        # Hydra passes a sweeper none of its own options: they are those of the sweep.
        groups = [option for option in choice if not option.startswith("hydra/")]
        assert_composes_as_hydra(composed, [*groups, *VALUES])


@pytest.mark.parametrize("choice", [choices()[0], ["experiment=lecture_sgd"]], ids=" ".join)
def test_values_before_the_options_of_a_job_have_hydras_config(choice: list[str]) -> None:
    with composer(CONF) as composed:
        assert_composes_as_hydra(composed, [*VALUES, "optimizer.lr=7", *choice])


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
