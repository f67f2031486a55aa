"""Checks of a run's options, each of which null leaves out."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf

from sweeps.app.build import read_lr_factors
from sweeps.numbers import is_finite_number


def check_options(cfg: DictConfig) -> None:
    """Raise ValueError, with key, value and fix, for an option's value that can't be."""
    for key in ("clip_norm", "clip_value"):
        _check_positive(cfg, key, "1")
    _check_positive(cfg, "mixup", "0.2")
    _check_share(cfg, "ema", "0.99")
    _check_count(cfg, "patience", "5")
    _check_count(cfg, "accumulate", "4")
    if cfg.init_from is not None and not isinstance(cfg.init_from, str):
        raise ValueError(
            f"init_from={cfg.init_from} must be a path; name a run's folder or a file of weights"
        )
    _check_patterns(cfg.freeze)
    _check_lr_factors(cfg.lr_factors)


def _check_positive(cfg: DictConfig, key: str, example: str) -> None:
    value = cfg[key]
    if value is not None and not (is_finite_number(value) and value > 0):
        raise ValueError(
            f"{key}={value} must be a number greater than 0; write {key}={example}, or null for none"
        )


def _check_share(cfg: DictConfig, key: str, example: str) -> None:
    value = cfg[key]
    if value is not None and not (is_finite_number(value) and 0 < value < 1):
        raise ValueError(
            f"{key}={value} must be greater than 0 and less than 1; write {key}={example}, or null for none"
        )


def _check_count(cfg: DictConfig, key: str, example: str) -> None:
    value = cfg[key]
    if value is not None and not (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        raise ValueError(
            f"{key}={value} must be a whole number of at least 1; write {key}={example}, or null for none"
        )


def _check_patterns(value: Any) -> None:
    patterns = value if OmegaConf.is_list(value) else [value]
    are_names = all(isinstance(pattern, str) or is_finite_number(pattern) for pattern in patterns)
    if value is not None and not (patterns and are_names):
        raise ValueError(
            f"freeze={value} must be names of parameters or modules; "
            "write freeze=[conv1,layer1], or null for none"
        )


def _check_lr_factors(node: Any) -> None:
    fix = "write lr_factors={layer1:0.1}, or null for none"
    if node is not None and not OmegaConf.is_config(node):
        raise ValueError(f"lr_factors={node} must be a factor by the name of a parameter or module; {fix}")
    for pattern, factor in read_lr_factors(node):
        if not (is_finite_number(factor) and factor > 0):
            raise ValueError(
                f"lr_factors.{pattern}={factor} must be a number greater than 0; {fix}; "
                f"freeze={pattern} trains it not at all"
            )
