"""The settings that a sweep tries first: hydra.sweeper.enqueue."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution

from sweeps.study.parameter import Parameter
from sweeps.study.values import to_stored
from sweeps.sweeper.describe import default_setting
from sweeps.sweeper.plan import Plan, Planner

# The entry that stands for the config's own setting.
DEFAULT = "default"
# The study's user attribute that lists what was enqueued.
ENQUEUED = "enqueued"


def add_first_settings(plans: Sequence[Plan], planner: Planner) -> list[Plan]:
    """Return the plans with the settings that each tries first, as its study stores them.

    An entry is for the studies that search all its keys. Raises ValueError for one that no study can try.
    """
    firsts: list[list[dict[str, Any]]] = [[] for _ in plans]
    for entry in planner.settings.enqueue:
        settings = [_read(entry, plan, planner) for plan in plans]
        if not any(settings):
            keys = list(dict.fromkeys(Parameter.from_name(name).key for plan in plans for name in plan.space))
            raise ValueError(
                f"hydra.sweeper.enqueue: {entry} is no setting of what is searched, {', '.join(keys)}; "
                "write {<key>: <value>, ...}, or default for the config's own setting"
            )
        for first, setting in zip(firsts, settings, strict=True):
            if setting and setting not in first:
                first.append(setting)
    return [replace(plan, first=first) for plan, first in zip(plans, firsts, strict=True)]


def enqueue_first(study: optuna.Study, plan: Plan) -> None:
    """Let a study's first settings wait for workers, each once; a grid takes them first by itself.

    To be called by one process at a time.
    """
    if plan.grid:
        return
    before = study.user_attrs.get(ENQUEUED, [])
    for setting in plan.first:
        if setting not in before:
            study.enqueue_trial(setting)
    if any(setting not in before for setting in plan.first):
        study.set_user_attr(ENQUEUED, [*before, *(first for first in plan.first if first not in before)])


def _read(entry: Any, plan: Plan, planner: Planner) -> dict[str, Any] | None:
    """Return an entry as a study's parameters; None where it isn't of what the study searches."""
    if entry == DEFAULT:
        setting = default_setting(plan, planner.composer)
        return setting if setting and all(map(_holds(plan), setting.items())) else None
    if not isinstance(entry, Mapping):
        return None
    names = {Parameter.from_name(name).key: name for name in plan.space}
    if not entry.keys() <= names.keys() or (plan.grid and len(entry) < len(names)):
        return None
    setting = {names[key]: _to_choice(names[key], value, plan) for key, value in entry.items()}
    for name, value in setting.items():
        if not _holds(plan)((name, value)):
            raise ValueError(
                f"hydra.sweeper.enqueue: {Parameter.from_name(name).key}={value} is not searched"
            )
    return setting


def _to_choice(name: str, value: Any, plan: Plan) -> Any:
    stored = to_stored(Parameter.from_name(name).to_stored_value(value))
    space = plan.space[name]
    choices = space.choices if isinstance(space, CategoricalDistribution) else ()
    return next((choice for choice in plan.grid.get(name, choices) if choice == stored), stored)


def _holds(plan: Plan) -> Any:
    """Return a function that says whether the plan's study searches a parameter's value."""

    def holds(item: tuple[str, Any]) -> bool:
        name, value = item
        return value in plan.grid[name] if plan.grid else _contains(plan.space[name], value)

    return holds


def _contains(space: BaseDistribution, value: Any) -> bool:
    try:
        return space._contains(space.to_internal_repr(value))
    except (TypeError, ValueError):
        return False
