"""From the command line to studies: what each searches, keeps fixed and repeats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from optuna.distributions import BaseDistribution

from sweeps.study.dotted_keys import flatten, is_at_or_below
from sweeps.study.parameter import Parameter
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import format_overrides, format_value
from sweeps.sweeper.replicates import overrides_by_label
from sweeps.sweeper.search_space import (
    boundary_values,
    grid_values,
    to_distribution,
    to_grammar,
    to_parameter,
)


@dataclass(frozen=True)
class Plan:
    """One study: its name, its fixed overrides, its search space, as written and as Optuna samples it.

    studied: the options, by group, that distinguish it from the sweep's other studies.
    n_trials: trials in all. pruner: its config, which may refer to the jobs' one.
    config: the job's config without the searched keys, by dotted key.
    replicates: the overrides of each, by its label. is_enqueued: its trials bring their overrides along.
    """

    name: str
    studied: dict[str, str]
    fixed: list[str]
    declared: dict[str, str]
    space: dict[str, BaseDistribution]
    n_trials: int
    pruner: dict[str, Any]
    config: dict[str, Any]
    replicates: dict[str, list[str]]
    is_enqueued: bool = False


@dataclass(frozen=True)
class Planner:
    """Makes plans from the sweeper's settings and what composes a job's config."""

    settings: StudySweeperConf
    composer: Composer

    def plans(self, arguments: Sequence[str]) -> list[Plan]:
        """A plan per combination of options of the groups that get a study each."""
        given = self._parse([*format_overrides(self.settings.params or {}), *arguments])
        swept = {key: override for key, override in given.items() if override.is_sweep_override()}
        fixed = [str(override.input_line) for key, override in given.items() if key not in swept]
        first = [f"{key}={_values(override)[0]}" for key, override in swept.items()]
        groups = [key for key in swept if self._gets_studies(key, swept[key], [*fixed, *first])]
        rest = {key: override for key, override in swept.items() if key not in groups}
        choices = product(*([f"{key}={value}" for value in _values(swept[key])] for key in groups))
        named = [swept[key].key_or_group for key in groups]
        plans = [self._plan([*fixed, *choice], rest, given, named) for choice in choices]
        for plan in plans:
            self._check_replicates([*given, *plan.space])
        return plans

    def parsed(self, plan: Plan) -> dict[str, Override]:
        """A plan's fixed overrides by key."""
        return self._parse(plan.fixed)

    def _check_replicates(self, keys: Sequence[str]) -> None:
        """Refuse a key that is fixed or searched and repeated too: one would silently overrule the other."""
        for key in {Parameter.from_name(key).key for key in keys}:
            for axis, values in self.settings.replicates.items():
                below = key.startswith(f"{axis}.") or axis.startswith(f"{key}.")
                options = self.composer.is_group(key) or self.composer.is_group(axis)
                if key == axis or (below and not options):
                    raise ValueError(
                        f"{key} is set, and hydra.sweeper.replicates.{axis}={list(values)} sets it too; "
                        f"leave it out and write hydra.sweeper.replicates.{axis}=[<values to repeat>]"
                    )

    def _parse(self, texts: Sequence[str]) -> dict[str, Override]:
        """Overrides by key, `+` included; of two for one key the later counts."""
        parser = OverridesParser.create(config_loader=self.composer.hydra_context.config_loader)
        return {override.get_key_element(): override for override in parser.parse_overrides(list(texts))}

    def _gets_studies(self, key: str, override: Override, base: list[str]) -> bool:
        """Whether a swept key is a group of study_per or, by default, one that searches keys of its own."""
        if self.settings.study_per is not None:
            return override.key_or_group in self.settings.study_per
        if not self.composer.is_group(override.key_or_group):
            return False
        options = [self.composer.compose([*base, f"{key}={value}"]) for value in _values(override)]
        searched = [name for config in options for name in _search_space(config)]
        return any(_owns(override.key_or_group, name) for name in searched)

    def _plan(
        self,
        fixed: list[str],
        rest: Mapping[str, Override],
        given: Mapping[str, Override],
        groups: Sequence[str],
    ) -> Plan:
        first = [f"{key}={_values(override)[0]}" for key, override in rest.items()]
        config = self.composer.compose([*fixed, *first])
        names = [override.key_or_group for override in given.values()]
        values = [name for name in names if not self.composer.is_group(name)]
        declared = {
            key: sweep for key, sweep in _search_space(config).items() if not is_at_or_below(key, values)
        }
        overrides = {**self._parse(format_overrides(declared)), **rest}
        order = [key for key in _search_space(config) if key in overrides]
        ordered = [overrides[key] for key in dict.fromkeys([*order, *overrides])]
        space = {to_parameter(override).name: to_distribution(override) for override in ordered}
        studied = self._studied(config, groups)
        return Plan(
            name="/".join(
                [
                    self.settings.study_name or config.hydra.job.name,
                    *(f"{group}={option}" for group, option in studied.items()),
                ]
            ),
            studied=studied,
            fixed=fixed,
            declared={key: to_grammar(values) for key, values in space.items()},
            space=space,
            n_trials=self._n_trials(space),
            pruner=OmegaConf.to_container(config.hydra.sweeper.pruner, resolve=True),  # type: ignore[arg-type]
            config=_identity(config, [*space, *self.settings.replicates, *self.settings.may_change]),
            replicates=overrides_by_label(self.settings.replicates),
        )

    def _studied(self, config: DictConfig, groups: Sequence[str]) -> dict[str, str]:
        choices, space = config.hydra.runtime.choices, _search_space(config)
        if (named := self.settings.study_per) is None:
            named = [group for group in choices if group in groups or any(_owns(group, key) for key in space)]
        for group in named:
            if group not in choices:
                raise ValueError(
                    f"hydra.sweeper.study_per={list(named)}: {group} is no group of the config; "
                    f"choose among {', '.join(g for g in choices if not g.startswith('hydra/'))}"
                )
        return {group: choices[group] for group in named}

    def _n_trials(self, space: Mapping[str, BaseDistribution]) -> int:
        limit: int | None = self.settings.n_trials
        if not is_grid(self.settings.sampler):
            if limit is None:
                raise ValueError("hydra.sweeper.n_trials=null needs the grid sampler; write a number")
            return limit
        settings = prod(len(grid_values(key, values)) for key, values in space.items())
        return settings if limit is None else min(limit, settings)


def is_grid(sampler: Mapping[str, Any]) -> bool:
    """Whether the sampler's config names Optuna's grid."""
    return str(sampler["_target_"]).endswith(".GridSampler")


def sampled_configs(
    plan: Plan, composer: Composer, axes: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, DictConfig]]:
    """(what is tried, its config) for each value that a study can meet, one key changed at a time."""
    repeated = {key: [format_value(value) for value in values] for key, values in axes.items()}
    values = {**{key: boundary_values(space) for key, space in plan.space.items()}, **repeated}
    first = {key: choices[0] for key, choices in values.items()}
    tried = [first, *({**first, key: value} for key in values for value in values[key][1:])]
    for setting in tried:
        yield (
            ", ".join(format_overrides(setting)),
            composer.compose([*plan.fixed, *format_overrides(setting)]),
        )


def _values(override: Override) -> list[Any]:
    return boundary_values(to_distribution(override))


def _search_space(config: DictConfig) -> dict[str, str]:
    """What a job's config declares as searched. Raises ValueError where that refers to nothing."""
    try:
        return {str(key): str(sweep) for key, sweep in (config.get("search_space") or {}).items()}
    except OmegaConfBaseException as error:
        raise ValueError(f"search_space is not to be had: {str(error).splitlines()[0]}") from error


def _owns(group: str, key: str) -> bool:
    return key.startswith(group.replace("/", ".") + ".")


def _identity(config: DictConfig, without: Sequence[str]) -> dict[str, Any]:
    """Return the config's leaves by dotted key, without Hydra's part and what may differ within a study."""
    container = OmegaConf.to_container(config, resolve=False, enum_to_str=True)
    assert isinstance(container, dict)
    for section in ("hydra", "search_space", "spaces"):
        container.pop(section, None)
    removed = [Parameter.from_name(name).key for name in without]
    leaves = flatten(container)
    return {key: _to_json(value) for key, value in leaves.items() if not is_at_or_below(key, removed)}


def _to_json(value: Any) -> Any:
    """Return a leaf as JSON can hold it: NaN and empty containers as text."""
    is_plain = isinstance(value, str | int | float | bool | None) and value == value
    return value if is_plain else str(value)
