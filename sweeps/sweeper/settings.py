"""Checks of hydra.sweeper's values."""

import sys
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from typing import Any

from sweeps.numbers import is_finite_number
from sweeps.study.record import AGGREGATES
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.study_name import check_study_name
from sweeps.sweeper.thinning import KEEP


def check_settings(settings: StudySweeperConf) -> None:
    """Raise ValueError for a setting that can't be meant, with what to write instead."""
    _check_numbers(settings)
    _check_choice("grid_order", settings.grid_order, ("shuffled", "written"))
    _check_choice("keep", settings.keep, KEEP)
    _check_choice("aggregate", settings.aggregate, AGGREGATES)
    for direction in settings.directions:
        _check_choice("direction", direction, ("minimize", "maximize"))
    _check_objectives(settings)
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


def _check_numbers(settings: StudySweeperConf) -> None:
    for key in ("retries", "extend"):
        if (value := getattr(settings, key)) < 0:
            raise ValueError(f"hydra.sweeper.{key}={value} must be at least 0")
    for key in ("n_jobs", "n_trials"):
        value = getattr(settings, key)
        if value is not None and value < 1:
            raise ValueError(f"hydra.sweeper.{key}={value} must be at least 1, or null")
    for key in ("timeout", "hang_after"):
        value = getattr(settings, key)
        if value is not None and not (is_finite_number(value) and value > 0):
            raise ValueError(f"hydra.sweeper.{key}={value} must be a number of seconds above 0, or null")
    if not 0 <= settings.max_failure_rate <= 1:
        raise ValueError(
            f"hydra.sweeper.max_failure_rate={settings.max_failure_rate} must be between 0 and 1"
        )


def _check_choice(key: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ValueError(f"hydra.sweeper.{key}={value} is unknown; write one of {', '.join(choices)}")


def _check_objectives(settings: StudySweeperConf) -> None:
    count, names = len(settings.directions), settings.metric_names
    if names is not None and len(names) != count:
        raise ValueError(
            f"hydra.sweeper.metric_names={list(names)} must name each objective, of which there are "
            f"{count}; write as many names"
        )
    if count > 1 and not str(settings.pruner["_target_"]).endswith(".NopPruner"):
        raise ValueError("hydra/sweeper/pruner: Optuna prunes single objectives only; write pruner=none")
    if not (settings.margin is None or (is_finite_number(settings.margin) and settings.margin > 0)):
        raise ValueError(
            f"hydra.sweeper.margin={settings.margin} must be a difference greater than 0, in the objective's "
            "unit, or null"
        )
    if not (settings.target is None or is_finite_number(settings.target)):
        raise ValueError(f"hydra.sweeper.target={settings.target} must be a value of the objective, or null")


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
    return is_finite_number(value) and value > 0 and value != 1
