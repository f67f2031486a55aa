"""Copies of the sweep's config with single values changed."""

from typing import Any

from omegaconf import DictConfig, OmegaConf, flag_override


def changed(config: DictConfig, key: str, value: Any) -> DictConfig:
    """A copy with one key of `hydra` set."""
    copy = config.copy()
    with flag_override(copy.hydra, ["readonly", "struct"], False):
        OmegaConf.update(copy, key, value)
    return copy


def overridden(config: DictConfig, key: str, value: Any) -> DictConfig:
    """A copy with one key of `hydra` set, and set again wherever a job's config is composed from it."""
    kept = [text for text in config.hydra.overrides.hydra if not text.startswith(f"{key}=")]
    written = f"'{value}'" if isinstance(value, str) else value
    return changed(changed(config, key, value), "hydra.overrides.hydra", [*kept, f"{key}={written}"])
