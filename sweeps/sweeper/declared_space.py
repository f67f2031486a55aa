"""The search space that a config declares: overrides with values in Hydra's sweep grammar."""

from collections.abc import Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from sweeps.sweeper.overrides import dotted, format_sweeps


def read_declared_space(config: DictConfig) -> dict[str, str]:
    """Return what a job's config declares as searched.

    Raises ValueError where it refers to nothing, or holds anything but a sweep for each key.
    """
    try:
        space = config.get("search_space") or {}
        if not isinstance(space, Mapping | DictConfig):
            raise ValueError(
                f"search_space={space} must map keys to values; write search_space: with lines such as "
                '"optimizer.lr: choice(0.1, 0.01)"'
            )
        sweeps = {str(key): sweep for key, sweep in space.items()}
    except OmegaConfBaseException as error:
        raise ValueError(f"search_space can't be read: {str(error).splitlines()[0]}") from error
    for key, sweep in sweeps.items():
        _check_sweep(key, sweep)
    return {dotted(key): str(sweep) for key, sweep in sweeps.items()}


def _check_sweep(key: str, sweep: Any) -> None:
    if isinstance(sweep, Mapping | DictConfig):
        inner = next(iter(sweep), "lr")
        raise ValueError(
            f"search_space.{key} is a group of keys; write {key}.{inner}=choice(...) instead, "
            f'or "{key}.{inner}" in one line of search_space'
        )
    try:
        OverridesParser.create().parse_overrides(format_sweeps({key: str(sweep)}))
    except HydraException as error:
        raise ValueError(
            f"search_space.{key}={sweep} can't be read; close its brackets, as in choice(0.1, 0.01)"
        ) from error
