"""Checks of hydra.sweeper's values."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from math import isfinite
from typing import Any

from sweeps.study.record import AGGREGATES
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.study_name import check_study_name
from sweeps.sweeper.thinning import KEEP


def check_settings(settings: StudySweeperConf) -> None:
    """Raise ValueError for a setting that can't be meant, with what to write instead."""
    if settings.retries < 0:
        raise ValueError(f"hydra.sweeper.retries={settings.retries} must be at least 0")
    for key in ("n_jobs", "n_trials"):
        value = getattr(settings, key)
        if value is not None and value < 1:
            raise ValueError(f"hydra.sweeper.{key}={value} must be at least 1, or null")
    if settings.timeout is not None and settings.timeout <= 0:
        raise ValueError(f"hydra.sweeper.timeout={settings.timeout} must be seconds, more than 0, or null")
    if settings.grid_order not in ("shuffled", "written"):
        raise ValueError(f"hydra.sweeper.grid_order={settings.grid_order}: write shuffled or written")
    if settings.extend < 0:
        raise ValueError(f"hydra.sweeper.extend={settings.extend} must be at least 0")
    if not 0 <= settings.max_failure_rate <= 1:
        raise ValueError(
            f"hydra.sweeper.max_failure_rate={settings.max_failure_rate} must be between 0 and 1"
        )
    for direction in settings.directions:
        if direction not in ("minimize", "maximize"):
            raise ValueError(f"hydra.sweeper.direction={direction}: write minimize or maximize")
    if settings.aggregate not in AGGREGATES:
        raise ValueError(
            f"hydra.sweeper.aggregate={settings.aggregate} is unknown; write one of {', '.join(AGGREGATES)}"
        )
    if settings.hang_after is not None and not (_is_number(settings.hang_after) and settings.hang_after > 0):
        raise ValueError(
            f"hydra.sweeper.hang_after={settings.hang_after} must be a number of seconds above 0, or null"
        )
    if settings.keep not in KEEP:
        raise ValueError(f"hydra.sweeper.keep={settings.keep} is unknown; write one of {', '.join(KEEP)}")
    names = settings.metric_names
    if names is not None and len(names) != len(settings.directions):
        raise ValueError(
            f"hydra.sweeper.metric_names={list(names)} must name each objective, of which there are "
            f"{len(settings.directions)}; write as many names"
        )
    if settings.study_name is not None:
        check_study_name(settings.study_name)
    if settings.is_grid and settings.custom_search_space is not None:
        raise ValueError(
            f"hydra.sweeper.custom_search_space={settings.custom_search_space} adds parameters, for which a "
            "grid has no values; write hydra/sweeper/sampler=brute_force"
        )
    _check_paths(settings)
    _check_stack(settings)
    _check_fresh_seeds(settings.confirm.seeds)
    _check_factors(settings.confirm.factors)
    if not (settings.margin is None or (_is_number(settings.margin) and settings.margin > 0)):
        raise ValueError(
            f"hydra.sweeper.margin={settings.margin} must be a difference greater than 0, in the objective's "
            "unit, or null"
        )
    if not (settings.target is None or _is_number(settings.target)):
        raise ValueError(f"hydra.sweeper.target={settings.target} must be a value of the objective, or null")
    if len(settings.directions) > 1 and not str(settings.pruner["_target_"]).endswith(".NopPruner"):
        raise ValueError("hydra/sweeper/pruner: Optuna prunes single objectives only; write pruner=none")


def _check_paths(settings: StudySweeperConf) -> None:
    """Refuse a dotted path whose module is not there; its function is looked for where it is called."""
    for key in ("check", "stacked", "stack_width", "estimate", "custom_search_space"):
        path = getattr(settings, key)
        if path is not None and not _is_importable(str(path).rpartition(".")[0]):
            raise ValueError(
                f"hydra.sweeper.{key}={path} can't be imported; write <module>.<function>, "
                "and add the module's folder to PYTHONPATH"
            )


def _is_importable(module: str) -> bool:
    try:
        return module in sys.modules or find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _check_stack(settings: StudySweeperConf) -> None:
    stack = settings.stack
    # Not isinstance: True is an instance of int.
    if stack != "auto" and (type(stack) is not int or stack < 1):
        raise ValueError(f"hydra.sweeper.stack={stack} must be auto, or a number of jobs of at least 1")
    if stack not in ("auto", 1) and settings.stacked is None:
        raise ValueError(
            f"hydra.sweeper.stack={stack} needs hydra.sweeper.stacked=<dotted path of a function that runs "
            "several jobs at once>; write 1"
        )


def _check_fresh_seeds(seeds: Any) -> None:
    is_count = type(seeds) is int and seeds >= 0
    is_list = isinstance(seeds, Sequence) and not isinstance(seeds, str) and len(set(seeds)) == len(seeds)
    if not (is_count or is_list):
        raise ValueError(
            f"hydra.sweeper.confirm.seeds={seeds} must be how many fresh seeds the picks train with, say 10, "
            "or 0 for no confirmation, or a list of different seeds"
        )


def _check_factors(factors: Any) -> None:
    is_list = isinstance(factors, Sequence) and not isinstance(factors, str)
    if not is_list or not all(map(_is_factor, factors)) or len(set(factors)) < len(factors):
        raise ValueError(
            f"hydra.sweeper.confirm.factors={factors} must be a list of different factors of the learning "
            "rate, each greater than 0 and not 1: [0.5, 2], or [] for none"
        )


def _is_factor(value: Any) -> bool:
    return _is_number(value) and value > 0 and value != 1


def _is_number(value: Any) -> bool:
    # Not isinstance: True is an instance of int.
    return type(value) in (int, float) and isfinite(value)
