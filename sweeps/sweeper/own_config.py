"""A job's own config as Hydra's global one, while another job's is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, ListConfig, Node, flag_override


@contextmanager
def hydra_config(config: DictConfig) -> Iterator[None]:
    """Let `${hydra:...}` and HydraConfig mean this config's within the block."""
    singleton = HydraConfig.instance()
    before = singleton.cfg
    singleton.set_config(config)
    try:
        yield
    finally:
        singleton.cfg = before


def refers_to_hydra(text: str) -> bool:
    """Return whether the YAML of a config refers to Hydra's part of its job."""
    return "${hydra:" in text or "${hydra_override_dirname:" in text


def resolve_hydra_values(task: DictConfig, config: DictConfig) -> None:
    """Let a task's config hold the values that it takes from Hydra's part of its own job's config."""
    with hydra_config(config), flag_override(task, ["readonly", "struct"], False):
        _resolve(task)


def _resolve(config: DictConfig | ListConfig) -> None:
    keys: list[Any] = list(config) if isinstance(config, DictConfig) else list(range(len(config)))
    for key in keys:
        node = config._get_node(key)
        if isinstance(node, DictConfig | ListConfig) and not node._is_interpolation():
            if not (node._is_none() or node._is_missing()):
                _resolve(node)
        elif isinstance(node, Node) and refers_to_hydra(str(node._value())):
            config[key] = config[key]
