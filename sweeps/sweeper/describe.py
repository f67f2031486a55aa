"""What a study keeps about itself, so that a report can be made from the storage alone."""

from collections.abc import Mapping
from typing import Any

import optuna
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import CategoricalDistribution

from sweeps.study.claims import count_claimable
from sweeps.study.dotted_keys import ABSENT, select
from sweeps.study.parameter import Parameter
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import format_value
from sweeps.sweeper.plan import Plan, Planner

# What a sampler does, by its class: walk a grid, cover a space evenly, or, any other, follow the scores.
WAYS = {"GridSampler": "grid", "BruteForceSampler": "grid", "QMCSampler": "qmc", "RandomSampler": "qmc"}


def description(plan: Plan, planner: Planner) -> dict[str, Any]:
    """User attributes of a study, none of which decide whether it is the same when started again."""
    settings, config = planner.settings, planner.composer.compose(plan.fixed)
    overrides = planner.parsed(plan)
    groups = [key for key in overrides if planner.composer.is_group(key.lstrip("+"))]
    skipped = ("hydra", "~", *settings.may_change)
    values = [key.lstrip("+") for key in overrides if key not in groups and not key.startswith(skipped)]
    choices = config.hydra.runtime.choices
    return {
        "studied": plan.studied,
        "ways": [_way(settings, plan)],
        "planned": plan.n_trials,
        "default": _defaults(config, plan),
        "choices": {key: choices[key.lstrip("+")] for key in groups if not key.startswith(skipped)},
        "groups": [key for key in plan.space if planner.composer.is_group(key.lstrip("+"))],
        "fixed": {key: value for key in values if (value := _value(config, key)) is not ABSENT},
        "seed_key": settings.confirm.key,
        "confirm_seeds": seeds if isinstance(seeds := settings.confirm.seeds, int) else len(seeds),
    }


def describe(study: optuna.Study, plan: Plan, attributes: Mapping[str, Any]) -> None:
    """Keep a description with a study; a way joins the earlier ones where there is anything left to walk."""
    before = study.user_attrs
    earlier = before.get("ways", [])
    added = attributes["ways"] if count_claimable(study, plan.n_trials) else []
    wanted = {**attributes, "ways": list(dict.fromkeys([*earlier, *added])) or attributes["ways"]}
    for key, value in wanted.items():
        if before.get(key, ABSENT) != value:
            study.set_user_attr(key, value)


def _defaults(config: DictConfig, plan: Plan) -> dict[str, Any] | None:
    """The searched parameters' values in the config itself; None where it lacks one."""
    values = {name: _default(config, name, space) for name, space in plan.space.items()}
    return None if any(value is ABSENT for value in values.values()) else values


def _default(config: DictConfig, name: str, space: Any) -> Any:
    searched = Parameter.from_name(name)
    choices = config.hydra.runtime.choices
    value = choices[searched.key] if searched.key in choices else _value(config, searched.key)
    value = searched.to_sampled(value)
    listed = space.choices if isinstance(space, CategoricalDistribution) else ()
    same = (
        choice for choice in listed if choice == value or str(choice).replace(" ", "") == format_value(value)
    )
    return next(same, value)


def _value(config: DictConfig, key: str) -> Any:
    """Return a plain value of the config, interpolations as written, or ABSENT."""
    return select(OmegaConf.to_container(config, resolve=False, enum_to_str=True), key)


def _way(settings: StudySweeperConf, plan: Plan) -> str:
    pruned = not str(plan.pruner["_target_"]).endswith(".NopPruner")
    sampler = str(settings.sampler["_target_"]).rsplit(".", 1)[-1]
    return "adaptive" if pruned else WAYS.get(sampler, "adaptive")
