"""What hydra.sweeper may hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from sweeps.study.record import AGGREGATES


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise ValueError for a setting that can't be meant, with what to write instead."""
    if settings["retries"] < 0:
        raise ValueError(f"hydra.sweeper.retries={settings['retries']} must be at least 0")
    for key in ("n_jobs", "n_trials"):
        value = settings[key]
        if value is not None and value < 1:
            raise ValueError(f"hydra.sweeper.{key}={value} must be at least 1, or null")
    if not 0 <= settings["max_failure_rate"] <= 1:
        raise ValueError(
            f"hydra.sweeper.max_failure_rate={settings['max_failure_rate']} must be between 0 and 1"
        )
    for direction in directions(settings):
        if direction not in ("minimize", "maximize"):
            raise ValueError(f"hydra.sweeper.direction={direction}: write minimize or maximize")
    if settings["aggregate"] not in AGGREGATES:
        known = ", ".join(AGGREGATES)
        raise ValueError(
            f"hydra.sweeper.aggregate={settings['aggregate']} is not known; write one of {known}"
        )
    _check_stack(settings)
    _check_confirm(settings["confirm"])
    if len(directions(settings)) > 1 and not str(settings["pruner"]["_target_"]).endswith(".NopPruner"):
        raise ValueError("hydra/sweeper/pruner: Optuna prunes single objectives only; write pruner=none")


def _check_stack(settings: Mapping[str, Any]) -> None:
    stack = settings["stack"]
    if stack != "auto" and not (isinstance(stack, int) and not isinstance(stack, bool) and stack >= 1):
        raise ValueError(f"hydra.sweeper.stack={stack} must be auto, or a number of jobs of at least 1")
    if stack not in ("auto", 1) and settings["stacked"] is None:
        raise ValueError(
            f"hydra.sweeper.stack={stack} needs hydra.sweeper.stacked=<dotted path of a function that runs "
            "several jobs at once>; write 1"
        )


def _check_confirm(confirm: Mapping[str, Any]) -> None:
    if unknown := sorted(set(confirm) - {"seeds", "key", "overrides"}):
        raise ValueError(f"hydra.sweeper.confirm: {unknown} is unknown; it holds seeds, key and overrides")
    seeds = confirm["seeds"]
    is_count = isinstance(seeds, int) and not isinstance(seeds, bool) and seeds >= 0
    is_list = isinstance(seeds, Sequence) and not isinstance(seeds, str) and len(set(seeds)) == len(seeds)
    if not (is_count or is_list):
        raise ValueError(
            f"hydra.sweeper.confirm.seeds={seeds} must be how many fresh seeds the picks train with, say 10, "
            "or 0 for no confirmation, or a list of different seeds"
        )


def directions(settings: Mapping[str, Any]) -> list[str]:
    """A direction per objective, be they written as text or as hydra-optuna-sweeper's enumeration."""
    written = settings["direction"]
    several = written if isinstance(written, Sequence) and not isinstance(written, str) else [written]
    return [str(getattr(direction, "name", direction)) for direction in several]
