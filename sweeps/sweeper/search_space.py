"""Hydra's sweep grammar as Optuna's distributions."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, Override, Quote, QuotedString, RangeSweep, ValueType
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from sweeps.study.parameter import Parameter

# Words that are no text in the override grammar.
RESERVED = {"null", "true", "false", "nan", "inf"}


def parameter(override: Override) -> Parameter:
    """Return the parameter of a sweep; one tagged `complement` is sampled by its distance from 1."""
    is_complement = "complement" in getattr(override.value(), "tags", ())
    return Parameter(override.get_key_element(), is_complement)


def distribution(override: Override) -> BaseDistribution:
    """What Optuna samples for a sweep. Raises ValueError for a sweep that holds nothing to sample."""
    from hydra_plugins.hydra_optuna_sweeper._impl import create_optuna_distribution_from_override

    if not override.is_sweep_override():
        raise ValueError(
            f"{override.input_line} is one value, which can't be searched; "
            f"write {override.key_or_group}: choice(...) in search_space, or fix it in the config"
        )
    sweep = override.value()
    if isinstance(sweep, ChoiceSweep | RangeSweep):
        sweep.shuffle = False  # the order of trials is the sampler's; a study's choices keep theirs
    try:
        if override.value_type == ValueType.GLOB_CHOICE_SWEEP:
            return CategoricalDistribution(list(override.sweep_string_iterator()))
        sampled: BaseDistribution = create_optuna_distribution_from_override(override)
    except (AssertionError, ValueError, NotImplementedError) as error:
        reason = str(error) or f"{type(sweep).__name__} is unknown"
        raise ValueError(f"{override.input_line} can't be searched: {reason}") from error
    return sampled


def grid_values(key: str, distribution: BaseDistribution) -> list[Any]:
    """Every value of a finite distribution. Raises ValueError for a continuous one."""
    match distribution:
        case CategoricalDistribution():
            return list(distribution.choices)
        case IntDistribution(log=False):
            return list(range(distribution.low, distribution.high + 1, distribution.step))
        case FloatDistribution(step=float(step)):
            count = round((distribution.high - distribution.low) / step) + 1
            return [min(distribution.low + number * step, distribution.high) for number in range(count)]
    raise ValueError(
        f"{key} is continuous, which a grid can't walk: "
        f"write {key}=choice(...), or hydra/sweeper/sampler=tpe with hydra.sweeper.n_trials=<number>"
    )


def written(distribution: BaseDistribution) -> str:
    """A distribution in Hydra's sweep grammar, the same however it was spelled."""
    if isinstance(distribution, CategoricalDistribution):
        return f"choice({', '.join(str(choice) for choice in distribution.choices)})"
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    bounds = f"{distribution.low}, {distribution.high}"
    if distribution.log:
        return f"tag(log, interval({bounds}))"
    return (
        f"interval({bounds})" if distribution.step is None else f"range({bounds}, step={distribution.step})"
    )


def ends(distribution: BaseDistribution) -> list[Any]:
    """The values that show whether a distribution's values are accepted: its choices, or both its ends."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return [distribution.low, distribution.high]


def literal(value: Any) -> str:
    """A plain value, of Python or YAML, as Hydra's override grammar writes it."""
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z_][\w./-]*", value) and value.lower() not in RESERVED
        return value if plain else QuotedString(value, Quote.single).with_quotes()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(literal(part) for part in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def assignments(values: Mapping[str, Any]) -> list[str]:
    """Return overrides, as on a command line, that give each key or stored parameter its value."""
    overrides = []
    for name, value in values.items():
        searched = Parameter.from_name(name)
        overrides.append(f"{searched.override}={searched.to_override(value)}")
    return overrides
