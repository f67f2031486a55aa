"""Hydra's sweep grammar as Optuna's distributions."""

from collections.abc import Iterable, Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution


def parse(texts: Iterable[str]) -> dict[str, Override]:
    """Parsed overrides by key; of two for one key the later counts."""
    overrides = OverridesParser.create().parse_overrides(list(texts))
    return {override.key_or_group: override for override in overrides}


def distribution(override: Override) -> BaseDistribution:
    """What Optuna samples for a sweep. Raises ValueError for a sweep that holds nothing to sample."""
    from hydra_plugins.hydra_optuna_sweeper._impl import create_optuna_distribution_from_override

    try:
        sampled: BaseDistribution = create_optuna_distribution_from_override(override)
    except (AssertionError, ValueError, NotImplementedError) as error:
        raise ValueError(f"{override.input_line} can't be searched: {error}") from error
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
            return [distribution.low + number * step for number in range(count)]
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
    if distribution.step is not None:
        return f"range({bounds}, step={distribution.step}) with both ends"
    return f"tag(log, interval({bounds}))" if distribution.log else f"interval({bounds})"


def ends(distribution: BaseDistribution) -> list[Any]:
    """The values that show whether a distribution's values are accepted: its choices, or both its ends."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return [distribution.low, distribution.high]


def assignments(values: Mapping[str, Any]) -> list[str]:
    """Overrides, as on a command line, that set each key to its value."""
    return [f"{key}={value}" for key, value in values.items()]
