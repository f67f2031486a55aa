"""Checks of a part's arguments by the values that its class or function has for defaults."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from omegaconf import DictConfig, OmegaConf

from sweeps.numbers import format_digits, is_finite_number

# Limits of torch's arguments that torch doesn't check: the lowest value, whether it may be met, the highest.
LIMITS: dict[str, tuple[float, bool, float]] = {
    "optimizer.momentum": (0, True, 1),
    "scheduler.gamma": (0, False, math.inf),
    "scheduler.step_size": (1, True, math.inf),
    "scheduler.T_max": (1, True, math.inf),
    "scheduler.eta_min": (0, True, math.inf),
    "scheduler.factor": (0, False, math.inf),
    "scheduler.patience": (0, True, math.inf),
    "scheduler.cooldown": (0, True, math.inf),
    "scheduler.min_lr": (0, True, math.inf),
}
WHOLE = ("scheduler.step_size", "scheduler.patience", "scheduler.cooldown")
# Groups whose option must name a class or function.
PARTS = ("data", "model", "optimizer", "scheduler", "loss")


def check_values(cfg: DictConfig) -> None:
    """Raise ValueError for a part without a class, a value that is ???, and one beyond its limits."""
    for group in PARTS:
        node = cfg.get(group)
        if not OmegaConf.is_dict(node) or not node.get("_target_"):
            raise ValueError(
                f"{group} has no _target_: its file must name a class or function; write "
                f"{group}._target_=<module>.<name>"
            )
    for key in ("warmup", "report"):
        if key in cfg and not OmegaConf.is_dict(cfg[key]):
            raise ValueError(f"{key}={write_value(cfg[key])} must hold keys of its own; leave it out")
    if "spaces" in cfg and cfg.space not in cfg.spaces:
        raise ValueError(f"space={cfg.space} is not declared; write one of {', '.join(map(str, cfg.spaces))}")
    for key in sorted(OmegaConf.missing_keys(cfg)):
        if key.split(".")[0] in PARTS:
            raise ValueError(f"{key}=??? has no value; write {key}=<value>, or remove its line")
    for key, limits in LIMITS.items():
        if str(cfg[key.split(".")[0]]._target_).startswith("torch."):
            value = OmegaConf.select(cfg, key)
            _check_limits(key, value, *limits)
            if key in WHOLE:
                _check_whole(key, value)
    if str(cfg.scheduler._target_).startswith("torch."):
        _check_milestones(OmegaConf.select(cfg, "scheduler.milestones"))


def _check_limits(key: str, value: Any, low: float, may_be_low: bool, high: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return  # its class has the last word
    if value < low or (value == low and not may_be_low) or (value >= high):
        at_least = f"at least {format_digits(low)}" if may_be_low else f"greater than {format_digits(low)}"
        less = f" and less than {format_digits(high)}" if math.isfinite(high) else ""
        raise ValueError(f"{key}={value} must be {at_least}{less}")


def _check_whole(key: str, value: Any) -> None:
    if isinstance(value, float) and math.isfinite(value) and value != round(value):
        raise ValueError(f"{key}={value} must be a whole number; write {key}={max(1, round(value))}")


def _check_milestones(value: Any) -> None:
    if value is None:
        return
    key = "scheduler.milestones"
    if not OmegaConf.is_list(value) or not len(value):
        raise ValueError(f"{key}={value} must be a list of epochs or steps; write {key}=[10,15]")
    for milestone in value:
        if not isinstance(milestone, int) or isinstance(milestone, bool) or milestone < 1:
            raise ValueError(
                f"{key}={list(value)} must hold whole numbers of at least 1; write {key}=[10,15]"
            )


def check_arguments(group: str, part: Callable[..., Any]) -> None:
    """Raise ValueError for an argument of another type than its default: a word for a number, say.

    part: a class or function with its arguments; None as a default says nothing.
    """
    if not isinstance(part, partial):
        return
    try:
        parameters = inspect.signature(part.func).parameters
    except (TypeError, ValueError):  # written in C
        return
    for name, value in part.keywords.items():
        if name in parameters:
            _check_type(f"{group}.{name}", value, parameters[name].default)


def _check_type(key: str, value: Any, default: Any) -> None:
    assignment, fix = f"{key}={write_value(value)}", f"write {key}={write_value(default)}"
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{assignment} must be true or false; {fix}")
    elif isinstance(default, int | float):
        if not is_finite_number(value) and value != default:
            raise ValueError(f"{assignment} must be a number; {fix}, say")
    elif isinstance(default, tuple) and default and all(map(_is_number_or_none, default)):
        fits = isinstance(value, Sequence) and len(value) == len(default)
        if isinstance(value, str) or not fits or not all(map(_is_number_or_none, value)):
            raise ValueError(f"{assignment} must be {len(default)} numbers; {fix}")


def _is_number_or_none(value: Any) -> bool:
    return value is None or is_finite_number(value)


def write_value(value: Any) -> str:
    """Return a value as the command line takes it."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(write_value, value))}]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{write_value(part)}" for key, part in value.items()) + "}"
    if value is None:
        return "null"
    if isinstance(value, float):
        return format_digits(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
