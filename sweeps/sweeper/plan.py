"""From the command line to studies: what each searches, keeps fixed and repeats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf, prod
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import BaseDistribution, CategoricalDistribution

from sweeps.report.measure.measurement import MOST_CELLS
from sweeps.study.dotted_keys import flatten, is_at_or_below
from sweeps.study.parameter import Parameter
from sweeps.study.values import to_stored
from sweeps.sweeper.command_line import assign, assign_each, count_from_start, parse_overrides
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.declared_space import declares_space, parse_space, read_space
from sweeps.sweeper.grid import list_values, stored_distribution
from sweeps.sweeper.overrides import format_setting, format_sweeps, to_dotted
from sweeps.sweeper.replicates import overrides_by_label
from sweeps.sweeper.search_space import boundary_values, to_distribution, to_parameter, warn_of_repeats


@dataclass(frozen=True)
class Plan:
    """One study that is to be run."""

    # <study_name>/<group>=<option>
    name: str
    # the options, by group, that distinguish it from the sweep's other studies
    studied: dict[str, str]
    # the overrides that all its jobs share
    fixed: list[str]
    # the search space as declared, by the parameter's stored name
    space: dict[str, BaseDistribution]
    # the values that a grid takes of each parameter; empty for another sampler
    grid: dict[str, list[Any]]
    # trials in all, over all starts, without those that widening adds
    n_trials: int
    # how many rows of settings widening may add, and between which learning rates
    extend: int
    lr_limits: tuple[float, float]
    # the pruner's config, which may refer to the jobs' one
    pruner: dict[str, Any]
    # the job's config without the searched keys, by dotted key
    config: dict[str, Any]
    # the overrides of each replicate, by its label
    replicates: dict[str, list[str]]
    # the settings that are tried first, by stored name; those of a grid are whole
    first: list[dict[str, Any]] = field(default_factory=list)
    # whether its trials bring their overrides along, instead of being sampled
    is_enqueued: bool = False

    @property
    def stored_space(self) -> dict[str, BaseDistribution]:
        """Return the search space as Optuna stores it: a grid's numbers as numbers, not as categories."""
        return {**self.space, **{name: stored_distribution(name, self.grid[name]) for name in self.grid}}

    @property
    def first_setting(self) -> list[str]:
        """Return the overrides of a setting, without which a config may lack an option."""
        return format_setting({name: boundary_values(space)[0] for name, space in self.space.items()})

    def format_setting(self, params: Mapping[str, Any]) -> list[str]:
        """Return the overrides that make a setting: 1 where that was declared and a grid stores 1.0."""
        declared = dict(params)
        for name in params.keys() & self.space.keys():
            space = self.space[name]
            choices = space.choices if isinstance(space, CategoricalDistribution) else ()
            declared[name] = next((choice for choice in choices if choice == params[name]), params[name])
        return format_setting(declared)


@dataclass(frozen=True)
class Planner:
    """Makes plans from the sweeper's settings and the composer of job configs."""

    settings: StudySweeperConf
    composer: Composer

    def plans(self, arguments: Sequence[str]) -> list[Plan]:
        """Return a plan per combination of options of the groups that get a study each."""
        texts = [*format_sweeps(self.settings.params or {}), *arguments]
        overrides = parse_overrides(count_from_start(texts, self.composer), self.composer)
        sweeps = {key: override for key, override in overrides.items() if override.is_sweep_override()}
        fixed = [assign(key, override) for key, override in overrides.items() if key not in sweeps]
        names = [Parameter(name).key for name in overrides]
        # A value on the command line, fixed or swept, replaces what the config declares as searched.
        values = [name for name in names if not self.composer.is_group(name)]
        studies = {key: sweeps.pop(key) for key in self._study_keys(fixed, sweeps)}
        groups = [Parameter(key).key for key in studies]
        plans = []
        for choice in product(*(assign_each(key, override) for key, override in studies.items())):
            plan = self._plan([*fixed, *choice], sweeps, values, groups)
            self._check_replicates([*overrides, *plan.space])
            plans.append(plan)
        return plans

    def _study_keys(self, fixed: Sequence[str], sweeps: Mapping[str, Override]) -> list[str]:
        """Return the swept groups of study_per or, by default, those with an option that declares a space."""
        first = {key: assign_each(key, override)[0] for key, override in sweeps.items()}
        keys = []
        for key, override in sweeps.items():
            group = Parameter(key).key
            if self.settings.study_per is not None:
                is_studied = group in self.settings.study_per
            else:
                options = assign_each(key, override) if self.composer.is_group(group) else []
                other_options = [other for name, other in first.items() if name != key]
                # In a plan's order, for which it is composed only once.
                configs = (self.composer.compose([*fixed, option, *other_options]) for option in options)
                is_studied = any(declares_space(config, self.settings.space_key, group) for config in configs)
            if is_studied:
                keys.append(key)
        return keys

    def _plan(
        self, fixed: list[str], sweeps: Mapping[str, Override], values: Sequence[str], groups: Sequence[str]
    ) -> Plan:
        """Return the plan of one study.

        sweeps: those of the command line itself. values: the keys that it sets. groups: those with studies.
        """
        first = [assign_each(key, override)[0] for key, override in sweeps.items()]
        config = self.composer.compose([*fixed, *first])
        space = self._space(config, sweeps, values)
        studied = self._studied(config, groups)
        grid = {}
        if self.settings.is_grid:
            grid = {name: list_values(name, distribution) for name, distribution in space.items()}
        name = [self.settings.study_name or config.hydra.job.name]
        name += [f"{group}={option}" for group, option in studied.items()]
        return Plan(
            name="/".join(name),
            studied=studied,
            fixed=fixed,
            space=space,
            grid=grid,
            n_trials=self._n_trials(space),
            extend=config.hydra.sweeper.extend,
            lr_limits=_lr_limits(config),
            pruner=OmegaConf.to_container(config.hydra.sweeper.pruner, resolve=True),  # type: ignore[arg-type]
            config=_identify_config(config, [*space, *self.settings.replicates, *self.settings.may_change]),
            replicates=overrides_by_label(self.settings.replicates),
        )

    def _space(
        self, config: DictConfig, sweeps: Mapping[str, Override], values: Sequence[str]
    ) -> dict[str, BaseDistribution]:
        """Return the distributions in the order in which the config declares them, others last."""
        config_space = read_space(config, self.settings.space_key)
        names = [name for name in config_space if not is_at_or_below(Parameter(name).key, values)]
        sweep_texts = format_sweeps({name: config_space[name] for name in names})
        overrides = {**parse_space(sweep_texts, self.settings.space_key, self.composer), **sweeps}
        space = {}
        for key in dict.fromkeys([*config_space, *overrides]):
            if key in overrides:
                warn_of_repeats(overrides[key])
                space[to_parameter(key, overrides[key]).name] = to_distribution(overrides[key])
        return space

    def _studied(self, config: DictConfig, groups: Sequence[str]) -> dict[str, str]:
        """Return the options that a study is named by, by group."""
        options = config.hydra.runtime.choices
        names = self.settings.study_per
        if names is None:
            names = [
                group
                for group in options
                if group in groups or declares_space(config, self.settings.space_key, group)
            ]
        for group in names:
            if group not in options:
                raise ValueError(
                    f"hydra.sweeper.study_per={names}: {group} is no group of the config; "
                    f"choose among {', '.join(name for name in options if not name.startswith('hydra/'))}"
                )
        return {group: options[group] for group in names}

    def _n_trials(self, space: Mapping[str, BaseDistribution]) -> int:
        limit = self.settings.n_trials
        # A brute-force search finds out by itself how many settings a function of the application adds.
        has_size = self.settings.is_exhaustive and self.settings.custom_search_space is None
        if self.settings.is_grid or has_size:
            size = prod(len(list_values(name, distribution)) for name, distribution in space.items())
            if limit is None and size > MOST_CELLS:
                raise ValueError(
                    f"the grid has {size:,} settings, of which each would train; write fewer values, "
                    "or hydra.sweeper.n_trials=<number> for some of them"
                )
            return size if limit is None else min(limit, size)
        if limit is None:
            raise ValueError("hydra.sweeper.n_trials=null needs the grid sampler; write a number")
        return limit

    def _check_replicates(self, names: Sequence[str]) -> None:
        """Refuse a key that is fixed or searched and repeated too: one would silently overrule the other."""
        for key in {Parameter.from_name(name).key for name in names}:
            for axis, values in self.settings.replicates.items():
                is_nested = is_at_or_below(key, [axis]) or is_at_or_below(axis, [key])
                # An option and a value below its group don't overrule each other.
                has_group = self.composer.is_group(key) or self.composer.is_group(axis)
                if key == axis or (is_nested and not has_group):
                    raise ValueError(
                        f"{key} is set, and hydra.sweeper.replicates.{axis}={list(values)} sets it too; "
                        f"leave it out and write hydra.sweeper.replicates.{axis}=[<values to repeat>]"
                    )


def boundary_configs(
    plan: Plan, composer: Composer, axes: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, DictConfig]]:
    """Yield (setting, the task's config) for each value that a study can meet, one key changed at a time."""
    values = {name: boundary_values(distribution) for name, distribution in plan.space.items()}
    for key, axis_values in axes.items():
        values[key] = list(map(to_stored, axis_values))
    first = {name: alternatives[0] for name, alternatives in values.items()}
    settings = [first]
    for name, alternatives in values.items():
        settings += [{**first, name: value} for value in alternatives[1:]]
    for setting in settings:
        overrides = format_setting(setting)
        yield ", ".join(overrides), composer.compose([*plan.fixed, *overrides], with_hydra=False)


def _lr_limits(config: DictConfig) -> tuple[float, float]:
    """Return hydra.sweeper.lr_limits of a job's config, which may be the optimizer's own."""
    limits = config.hydra.sweeper.lr_limits
    if limits is None:
        return 0, inf
    if len(limits) != 2 or not 0 <= limits[0] <= limits[1]:
        raise ValueError(f"hydra.sweeper.lr_limits={limits} must be [lowest, highest], or null for none")
    return limits[0], limits[1]


def _identify_config(config: DictConfig, without: Sequence[str]) -> dict[str, Any]:
    """Return the config's leaves by dotted key, without Hydra's part and what may differ within a study."""
    container = OmegaConf.to_container(config, resolve=False, enum_to_str=True)
    assert isinstance(container, dict)
    for section in ("hydra", config.hydra.sweeper.space_key, "spaces"):
        container.pop(section, None)
    excluded_keys = [to_dotted(Parameter.from_name(name).key) for name in without]
    leaves = flatten(container)
    return {key: _to_json(value) for key, value in leaves.items() if not is_at_or_below(key, excluded_keys)}


def _to_json(value: Any) -> Any:
    """Return a leaf as JSON can hold it: NaN and empty containers as text."""
    is_plain = isinstance(value, str | int | float | bool | None) and value == value
    return value if is_plain else str(value)
