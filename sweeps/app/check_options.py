"""Checks of a run's options, each of which null leaves out."""

from __future__ import annotations

import math
from typing import Any

from omegaconf import DictConfig


def check_options(cfg: DictConfig) -> None:
    """Raise ValueError, with key, value and fix, for an option's value that can't be."""
    for key in ("clip_norm", "clip_value"):
        _check_positive(cfg, key, "1")
    _check_positive(cfg, "mixup", "0.2")
    _check_share(cfg, "ema", "0.99")
    _check_count(cfg, "patience", "5")
    _check_count(cfg, "accumulate", "4")


def _check_positive(cfg: DictConfig, key: str, example: str) -> None:
    value = cfg[key]
    if value is not None and not (_is_number(value) and value > 0):
        raise ValueError(
            f"{key}={value} must be a number greater than 0; write {key}={example}, or null for none"
        )


def _check_share(cfg: DictConfig, key: str, example: str) -> None:
    value = cfg[key]
    if value is not None and not (_is_number(value) and 0 < value < 1):
        raise ValueError(
            f"{key}={value} must be greater than 0 and less than 1; write {key}={example}, or null for none"
        )


def _check_count(cfg: DictConfig, key: str, example: str) -> None:
    value = cfg[key]
    if value is not None and not (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        raise ValueError(
            f"{key}={value} must be a whole number of at least 1; write {key}={example}, or null for none"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
