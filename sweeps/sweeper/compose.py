"""The configs of a sweep's jobs, composed by Hydra once per choice of options."""

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, flag_override, open_dict


class Composer:
    """Makes job configs equal to those of Hydra's `load_sweep_config`, at a fraction of its cost.

    Only overrides of config groups take a composition, kept for the next job with the same ones; those of
    values are applied to a copy of it, with Hydra's own function, as Hydra does after its composition.
    """

    def __init__(self, config: DictConfig, hydra_context: HydraContext) -> None:
        self.config = config
        self.hydra_context = hydra_context
        self._composed: dict[tuple[tuple[str, ...], bool], DictConfig] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_composed": {}}

    def is_group(self, key: str) -> bool:
        """Whether an override's key names a config group."""
        return bool(self.hydra_context.config_loader.get_group_options(key.split("@")[0]))

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """The config of a job with these overrides."""
        config = self._applied(overrides, bare=False)
        with flag_override(config.hydra, ["readonly", "struct"], False):
            config.hydra.overrides.task = list(overrides)
        return config

    def task(self, overrides: Sequence[str]) -> DictConfig:
        """The same without Hydra's own part: what a task function is given, and most of the copying saved."""
        return self._applied(overrides, bare=True)

    def _applied(self, overrides: Sequence[str], *, bare: bool) -> DictConfig:
        parsed = [_parsed(text) for text in overrides]
        groups = [override for override in parsed if self.is_group(override.key_or_group)]
        values = [override for override in parsed if override not in groups]
        config = deepcopy(self._base(tuple(str(override.input_line) for override in groups), bare=bare))
        with flag_override(config, "struct", True):
            ConfigLoaderImpl._apply_overrides_to_config(values, config)
        return config

    def _base(self, groups: tuple[str, ...], *, bare: bool) -> DictConfig:
        if (groups, bare) not in self._composed:
            self._composed[groups, bare] = self._compose(groups, bare=bare)
        return self._composed[groups, bare]

    def _compose(self, groups: tuple[str, ...], *, bare: bool) -> DictConfig:
        if not bare:
            return self.hydra_context.config_loader.load_sweep_config(self.config, list(groups))
        config = deepcopy(self._base(groups, bare=False))
        with open_dict(config):
            del config["hydra"]
        return config


@cache
def _parsed(override: str) -> Override:
    return OverridesParser.create().parse_override(override)


def changed(config: DictConfig, key: str, value: Any) -> DictConfig:
    """A copy with one key of `hydra` set."""
    copy = deepcopy(config)
    with flag_override(copy.hydra, ["readonly", "struct"], False):
        OmegaConf.update(copy, key, value)
    return copy


def overridden(config: DictConfig, key: str, value: Any) -> DictConfig:
    """A copy with one key of `hydra` set, and set again wherever a job's config is composed from it."""
    kept = [text for text in config.hydra.overrides.hydra if not text.lstrip("+").startswith(f"{key}=")]
    written = f"'{value}'" if isinstance(value, str) else value
    return changed(changed(config, key, value), "hydra.overrides.hydra", [*kept, f"{key}={written}"])
