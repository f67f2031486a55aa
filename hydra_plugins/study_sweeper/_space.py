"""Hydra's sweep grammar as Optuna's distributions."""

from collections.abc import Mapping
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep, ValueType
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

# A parameter tagged `complement` is sampled, and named, as its distance from 1.
COMPLEMENT = "1 - "


def parameter(override: Override) -> str:
    """What Optuna calls the parameter of a sweep."""
    tagged = "complement" in getattr(override.value(), "tags", ())
    return (COMPLEMENT if tagged else "") + override.get_key_element()


def distribution(override: Override) -> BaseDistribution:
    """What Optuna samples for a sweep. Raises ValueError for a sweep that holds nothing to sample."""
    from hydra_plugins.hydra_optuna_sweeper._impl import create_optuna_distribution_from_override

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


def assignments(values: Mapping[str, Any]) -> list[str]:
    """Overrides, as on a command line, that give each key or parameter its value."""
    return [
        f"{key.removeprefix(COMPLEMENT)}={1 - value if key.startswith(COMPLEMENT) else value}"
        for key, value in values.items()
    ]
