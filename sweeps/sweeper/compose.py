"""The configs of a sweep's jobs, composed by Hydra once per choice of options.

The only place that uses private interfaces of Hydra.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.types import Override
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, flag_override, open_dict
from omegaconf._utils import split_key

from sweeps.sweeper.config_copy import JobConfig, copy_config
from sweeps.sweeper.hydra_files import entry_to_yaml
from sweeps.sweeper.overrides import parse_override

# What Hydra names a job's folder by, unless the application says otherwise.
DEFAULT_SUBDIR = "${hydra.job.num}"


class Composer:
    """Composes job configs equal to those of Hydra's `load_sweep_config`, at a fraction of its cost.

    Only overrides of config groups take a composition, kept for the next job with the same ones; those of
    values are applied to a copy of it, with Hydra's own function, as Hydra does after its composition.
    """

    def __init__(self, config: DictConfig, hydra_context: HydraContext) -> None:
        self.config = config
        self.hydra_context = hydra_context
        # by the overrides of config groups, and whether Hydra's own part is left out
        self._compositions: dict[tuple[tuple[str, ...], bool], DictConfig] = {}
        # by the overrides of config groups, the YAML of each entry without other overrides
        self._lines: dict[tuple[str, ...], dict[Any, str]] = {}
        # whether a key names a config group
        self._groups: dict[str, bool] = {}

    def is_group(self, key: str) -> bool:
        """Return whether an override's key names a config group."""
        group = key.split("@")[0]
        if group not in self._groups:
            self._groups[group] = bool(self.hydra_context.config_loader.get_group_options(group))
        return self._groups[group]

    def compose(self, overrides: Sequence[str], *, with_hydra: bool = True) -> DictConfig:
        """Return the config of a job with these overrides.

        with_hydra: with the `hydra` node, which task functions don't receive; copying it costs most.
        """
        groups, values = self._split(overrides)
        config = copy_config(self._composition(groups, with_hydra=with_hydra))
        with flag_override(config, "struct", True):
            ConfigLoaderImpl._apply_overrides_to_config(values, config)
        if with_hydra:
            with flag_override(config.hydra, ["readonly", "struct"], False):
                config.hydra.overrides.task = list(overrides)
        return config

    def task_to_yaml(self, config: DictConfig, overrides: Sequence[str]) -> str:
        """Return the YAML of a task's config that was composed from these overrides.

        Entries without an override become text once for all jobs with the same options.
        """
        groups, values = self._split(overrides)
        lines = self._lines.setdefault(groups, {})
        changed = {split_key(override.key_or_group)[0] for override in values}
        texts = []
        for key in config:
            if key in changed:
                texts.append(entry_to_yaml(config, key))
                continue
            if key not in lines:
                lines[key] = entry_to_yaml(config, key)
            texts.append(lines[key])
        return "".join(texts) or OmegaConf.to_yaml(config)

    def has_default_subdir(self, overrides: Sequence[str]) -> bool:
        """Return whether the folder of a job with these overrides is named by its number."""
        groups, values = self._split(overrides)
        if any(override.key_or_group.startswith("hydra.sweep") for override in values):
            return False
        sweep = self._composition(groups, with_hydra=True).hydra.sweep
        subdir = sweep._get_node("subdir")
        return subdir is not None and subdir._value() == DEFAULT_SUBDIR

    def options(self, overrides: Sequence[str]) -> tuple[str, ...]:
        """Return those of the overrides that choose options of config groups."""
        return self._split(overrides)[0]

    def _split(self, overrides: Sequence[str]) -> tuple[tuple[str, ...], list[Override]]:
        """Return the overrides of config groups, and those of values."""
        groups: list[str] = []
        values: list[Override] = []
        for text in overrides:
            override = parse_override(text)
            if self.is_group(override.key_or_group):
                groups.append(text)
            else:
                values.append(override)
        return tuple(groups), values

    def _composition(self, groups: tuple[str, ...], *, with_hydra: bool) -> DictConfig:
        """Return the config with these overrides of config groups, composed the first time only."""
        if (groups, with_hydra) not in self._compositions:
            if with_hydra:
                loaded = self.hydra_context.config_loader.load_sweep_config(self.config, list(groups))
                config: DictConfig = JobConfig.copied_from(loaded)
            else:
                config = deepcopy(self._composition(groups, with_hydra=True))
                with open_dict(config):
                    del config["hydra"]
            self._compositions[groups, with_hydra] = config
        return self._compositions[groups, with_hydra]


def without_callbacks(hydra_context: HydraContext) -> HydraContext:
    """Return the context of what is no job of the application's."""
    return replace(hydra_context, callbacks=Callbacks())


def set_hydra_key(config: DictConfig, key: str, value: Any) -> DictConfig:
    """Return a copy with one key of `hydra` set."""
    copy = copy_config(config)
    with flag_override(copy.hydra, ["readonly", "struct"], False):
        OmegaConf.update(copy, key, value)
    return copy


def override_hydra_key(config: DictConfig, key: str, value: Any) -> DictConfig:
    """Return a copy with one key of `hydra` set, and set again in every config composed from it."""
    # As written: each composition resolves an interpolation anew.
    before = OmegaConf.to_container(config.hydra.overrides.hydra, resolve=False)
    assert isinstance(before, list)
    overrides = [override for override in before if not override.lstrip("+").startswith(f"{key}=")]
    overrides.append(f"{key}='{value}'" if isinstance(value, str) else f"{key}={value}")
    return set_hydra_key(set_hydra_key(config, key, value), "hydra.overrides.hydra", overrides)
