"""The attributes that a study keeps about itself, so that a report can be made from the storage alone."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import optuna
from hydra.errors import ConfigCompositionException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from optuna.distributions import BaseDistribution, CategoricalDistribution

from sweeps.report.measure.measurement import MOST_CELLS
from sweeps.study.census import take_census
from sweeps.study.dotted_keys import ABSENT, select
from sweeps.study.parameter import Parameter
from sweeps.study.plain import to_plain
from sweeps.study.values import LITERALS, to_stored
from sweeps.sweeper.command_line import parse_overrides
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import list_literals
from sweeps.sweeper.plan import Plan, Planner
from sweeps.sweeper.widen import describe_widening

# How a sampler covers a space, by its class: every setting of a grid, or evenly, as quasi-random points do.
# Any other follows the scores, and is "adaptive". Optuna's classes don't say it: a sampler of another package
# that covers a space evenly needs a line here, else figures that need even coverage are left out.
COVERAGE = {"GridSampler": "grid", "BruteForceSampler": "grid", "QMCSampler": "qmc", "RandomSampler": "qmc"}


def describe_study(study: optuna.Study, plan: Plan, planner: Planner, folder: Path) -> None:
    """Write a study's description, none of which decides whether it is the same when started again.

    A coverage joins the earlier ones where there is anything left to cover. The key "ways" is of the first
    storages.
    """
    attributes = {**_plan_attributes(plan, planner), **describe_widening(plan, planner.settings, study)}
    attributes["folder"] = str(folder)
    user_attrs = study.user_attrs
    folders = [str(folder), *user_attrs.get("folders", [])]
    attributes["folders"] = list(dict.fromkeys(folders))
    coverage = _coverage_of(planner.settings, plan)
    coverages = list(user_attrs.get("ways", []))
    if coverage not in coverages and (not coverages or take_census(study).count_claimable(plan.n_trials)):
        coverages.append(coverage)
    for key, value in {**attributes, "ways": coverages}.items():
        if user_attrs.get(key, ABSENT) != value:
            study.set_user_attr(key, value)


def _plan_attributes(plan: Plan, planner: Planner) -> dict[str, Any]:
    settings, composer = planner.settings, planner.composer
    config = composer.compose([*plan.fixed, *plan.first_setting])
    options: dict[str, Any] = {}
    fixed: dict[str, Any] = {}
    for override, parsed in parse_overrides(plan.fixed, composer).items():
        key = Parameter(override).key
        if override.startswith(("hydra", "~", *settings.may_change)):
            continue
        if composer.is_group(key):
            # Hydra names no choice of a group of which several options are taken.
            options[override] = config.hydra.runtime.choices.get(key, parsed.value())
        elif (value := _select(config, key)) is not ABSENT:
            fixed[key] = value
    default = default_setting(plan, composer)
    return {
        "studied": plan.studied,
        "grid": _grid_numbers(plan),
        "default": default,
        LITERALS: list_literals(chain(_list_choices(plan), (default or {}).values())),
        "choices": options,
        "groups": [name for name in plan.space if composer.is_group(Parameter.from_name(name).key)],
        "fixed": fixed,
        "seed_key": settings.confirm.key,
        "confirm_seeds": settings.confirm.count,
        "confirm_factors": [float(factor) for factor in settings.confirm.factors],
        "margin": settings.margin,
        "target": settings.target,
        "config_dir": _config_dir(composer.config),
    }


def _config_dir(config: DictConfig) -> str | None:
    """Return the folder of --config-dir, of which Hydra takes one."""
    sources = config.hydra.runtime.config_sources
    return next((source.path for source in sources if source.provider == "command-line"), None)


def _grid_numbers(plan: Plan) -> dict[str, list[float]]:
    """Return the declared values of the parameters that a grid stores as numbers."""
    categories = CategoricalDistribution
    space = plan.stored_space
    return {name: values for name, values in plan.grid.items() if not isinstance(space[name], categories)}


def default_setting(plan: Plan, composer: Composer) -> dict[str, Any] | None:
    """Return the searched parameters' values in the config itself; None where it lacks one."""
    try:
        config = composer.compose(plan.fixed)
    except ConfigCompositionException:  # it leaves a group to be chosen, which the sweep does
        return None
    setting = {name: _default(config, name, plan) for name in plan.space}
    return None if any(value is ABSENT for value in setting.values()) else setting


def _default(config: DictConfig, name: str, plan: Plan) -> Any:
    """Return a parameter's value in the config, as the choice that it is where it is one; or ABSENT."""
    parameter = Parameter.from_name(name)
    options: Mapping[str, Any] = config.hydra.runtime.choices
    value = options[parameter.key] if parameter.key in options else _resolve(config, parameter.key)
    if value is ABSENT:
        return ABSENT
    stored = to_stored(parameter.to_stored_value(value))
    choices = plan.grid.get(name, _list_choices_of(plan.space[name]))
    return next((choice for choice in choices if choice == stored), stored)


def _list_choices(plan: Plan) -> Iterator[Any]:
    for distribution in plan.space.values():
        yield from _list_choices_of(distribution)


def _list_choices_of(distribution: BaseDistribution) -> Sequence[Any]:
    return distribution.choices if isinstance(distribution, CategoricalDistribution) else ()


def _resolve(config: DictConfig, key: str) -> Any:
    """Return a plain value of the config, interpolations resolved; ABSENT where it has none."""
    try:
        value = OmegaConf.select(config, key, default=ABSENT, throw_on_missing=True)
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException:
        return ABSENT
    return ABSENT if value is ABSENT else to_plain(value)


def _select(config: DictConfig, key: str) -> Any:
    """Return a plain value of the config, interpolations as written, or ABSENT."""
    value = select(OmegaConf.to_container(config, resolve=False), key)
    return ABSENT if value is ABSENT else to_plain(value)


def _coverage_of(settings: StudySweeperConf, plan: Plan) -> str:
    """Return how a study's trials cover its space: "grid", "qmc" or "adaptive", as pruned ones do."""
    is_pruned = not str(plan.pruner["_target_"]).endswith(".NopPruner")
    # Too many settings to be a grid in the report are points, which the written order begins in a corner.
    if settings.grid_order == "written" and prod(map(len, plan.grid.values())) > MOST_CELLS:
        return "adaptive"
    sampler = str(settings.sampler["_target_"]).rsplit(".", 1)[-1]
    return "adaptive" if is_pruned else COVERAGE.get(sampler, "adaptive")
