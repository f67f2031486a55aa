"""The configs of a sweep's jobs, composed by Hydra once per choice of options."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, flag_override


class Composer:
    """Makes job configs equal to those of Hydra's `load_sweep_config`, at a fraction of its cost.

    Only overrides of config groups take a composition, kept for the next job with the same ones; those of
    values are applied to a copy of it, with Hydra's own function, as Hydra does after its composition.
    """

    def __init__(self, config: DictConfig, hydra_context: HydraContext) -> None:
        self.config = config
        self.hydra_context = hydra_context
        self._composed: dict[tuple[str, ...], DictConfig] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_composed": {}}

    def is_group(self, key: str) -> bool:
        """Whether an override's key names a config group."""
        return bool(self.hydra_context.config_loader.get_group_options(key.split("@")[0]))

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """The config of a job with these overrides."""
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        groups = [override for override in parsed if self.is_group(override.key_or_group)]
        values = [override for override in parsed if override not in groups]
        config = deepcopy(self._compose(tuple(str(override.input_line) for override in groups)))
        with flag_override(config, "struct", True):
            ConfigLoaderImpl._apply_overrides_to_config(values, config)
        return changed(config, "hydra.overrides.task", list(overrides))

    def _compose(self, groups: tuple[str, ...]) -> DictConfig:
        if groups not in self._composed:
            loader = self.hydra_context.config_loader
            self._composed[groups] = loader.load_sweep_config(self.config, list(groups))
        return self._composed[groups]


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
