"""What a study keeps about itself, so that a report can be made from the storage alone."""

from collections.abc import Mapping
from typing import Any

import optuna
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import CategoricalDistribution

from sweeps.study.claims import count_claimable
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.plan import Plan, Planner
from sweeps.sweeper.search_space import COMPLEMENT, literal

# What a sampler does, by its class: walk a grid, cover a space evenly, or, any other, follow the scores.
WAYS = {"GridSampler": "grid", "BruteForceSampler": "grid", "QMCSampler": "qmc", "RandomSampler": "qmc"}

# A value that a config doesn't hold; None is one that it may.
MISSING = object()


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
        "fixed": {key: value for key in values if (value := _value(config, key)) is not MISSING},
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
        if before.get(key, MISSING) != value:
            study.set_user_attr(key, value)


def _defaults(config: DictConfig, plan: Plan) -> dict[str, Any] | None:
    """The searched parameters' values in the config itself; None where it lacks one."""
    values = {name: _default(config, name, space) for name, space in plan.space.items()}
    return None if any(value is MISSING for value in values.values()) else values


def _default(config: DictConfig, name: str, space: Any) -> Any:
    key = name.removeprefix(COMPLEMENT).lstrip("+")
    choices = config.hydra.runtime.choices
    value = choices[key] if key in choices else _value(config, key)
    if name.startswith(COMPLEMENT) and isinstance(value, int | float):
        return round(1 - value, 12)
    listed = space.choices if isinstance(space, CategoricalDistribution) else ()
    same = (choice for choice in listed if choice == value or str(choice).replace(" ", "") == literal(value))
    return next(same, value)


def _value(config: DictConfig, key: str) -> Any:
    """A plain value of the config, interpolations as written, or MISSING."""
    node: Any = OmegaConf.to_container(config, resolve=False, enum_to_str=True)
    for part in key.split("."):
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return MISSING
    return node


def _way(settings: StudySweeperConf, plan: Plan) -> str:
    pruned = not str(plan.pruner["_target_"]).endswith(".NopPruner")
    sampler = str(settings.sampler["_target_"]).rsplit(".", 1)[-1]
    return "adaptive" if pruned else WAYS.get(sampler, "adaptive")
