"""Quick copies of configs are those that `deepcopy` makes."""

import pickle
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, Node, OmegaConf
from omegaconf.base import Metadata

from sweeps.run import CONF
from sweeps.sweeper.config_copy import JobConfig, copy_config
from tests.sweeper.test_compose import TOY, composer


@dataclass
class Schema:
    """Nodes of all kinds."""

    union: int | str = 3
    text: str | None = None
    pair: tuple[int, str] = (1, "b")
    folders: list[Path] = field(default_factory=lambda: [Path("there")])
    raw: bytes = b"\x00"
    missing: int = "???"  # type: ignore[assignment]
    reference: str = "${text}"


def nodes(node: Any, parent: Node | None) -> list[Any]:
    """What a node and those below it are, their parents checked."""
    assert node._get_parent() is parent
    fields = {key: value for key, value in vars(node).items() if key not in ("_parent", "_flags_cache")}
    content = fields.pop("_content", None)
    below = list(content.values()) if isinstance(content, dict) else content
    described = [nodes(child, node) for child in below] if isinstance(below, list | tuple) else []
    if isinstance(content, Node):
        described = [nodes(content, node)]
    elif not described:
        described = [content]
    keys = list(content) if isinstance(content, dict) else None
    return [type(node), type(content), keys, fields, *described]


def parts(node: Any) -> set[int]:
    """The identities of what a change of the config would change."""
    content = vars(node).get("_content")
    below = list(content.values()) if isinstance(content, dict) else content
    children = below if isinstance(below, list | tuple) else [content] if isinstance(content, Node) else []
    metadata: Metadata = node._metadata
    identities = {id(part) for part in (node, metadata, metadata.flags, metadata.resolver_cache)}
    return identities.union(*(parts(child) for child in children))


@pytest.fixture
def typed() -> DictConfig:
    plain = {"list": [{"a": 1}, None], "tuple": (1, "b")}
    config = OmegaConf.create({"typed": OmegaConf.structured(Schema), **plain})
    OmegaConf.set_readonly(config.typed, True)
    OmegaConf.set_struct(config, True)
    OmegaConf.register_resolver("test_config_copy", lambda: [1], use_cache=True, replace=True)
    OmegaConf.update(config, "cached", "${test_config_copy:}", force_add=True)
    assert config.cached == [1]
    return config


def test_a_copy_has_all_that_deepcopy_copies_and_shares_nothing(typed: DictConfig) -> None:
    for config in (typed, typed.typed):
        copy = copy_config(config)
        parent = config._get_parent()
        assert nodes(copy, parent) == nodes(deepcopy(config), parent) == nodes(config, parent)
        assert not parts(copy) & parts(config)
    assert OmegaConf.get_cache(copy_config(typed))["test_config_copy"]


@pytest.mark.parametrize("folder", [CONF, TOY])
def test_a_jobs_config_is_a_plain_one_for_the_job(folder: Path) -> None:
    with composer(folder) as composed:
        config = composed.compose(["seed=3"] if folder == CONF else [])
        loaded = composed.hydra_context.config_loader.load_sweep_config(composed.config, [])
    assert type(config) is type(config.hydra) is JobConfig
    for copy in (deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert type(copy) is DictConfig
        assert OmegaConf.get_type(copy.hydra) is OmegaConf.get_type(loaded.hydra)
        assert OmegaConf.to_container(copy) == OmegaConf.to_container(config)
    alone = pickle.loads(pickle.dumps(config.hydra))
    assert type(alone) is DictConfig
    assert alone.job == config.hydra.job
