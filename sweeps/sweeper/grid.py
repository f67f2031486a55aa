"""A grid as Optuna stores it: its numbers as numbers, so that plots of them have a scale."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from sweeps.study.parameter import Parameter
from sweeps.sweeper.search_space import grid_values


def list_values(name: str, distribution: BaseDistribution) -> list[Any]:
    """Return what a grid takes of a parameter: numbers ascending, each once, else the choices as declared.

    Raises ValueError for a continuous parameter.
    """
    values = grid_values(name, distribution)
    number_type = _number_type(name, values)
    return values if number_type is None else sorted({number_type(value) for value in values})


def written_order(space: Mapping[str, BaseDistribution]) -> dict[str, list[Any]]:
    """Return a grid's values as `list_values` does, but in the order in which they were written."""
    order = {}
    for name, distribution in space.items():
        values = list_values(name, distribution)
        values_in_order = {values[values.index(value)]: None for value in grid_values(name, distribution)}
        order[name] = list(values_in_order)
    return order


def stored_distribution(name: str, values: list[Any]) -> BaseDistribution:
    """Return the distribution that Optuna stores for a parameter's values on a grid.

    Of an interval a grid takes only these values: the sampler is given them too.
    """
    number_type = _number_type(name, values)
    if number_type is None:
        return CategoricalDistribution(values)
    is_log = Parameter.from_name(name).is_log(values)
    distribution_type = IntDistribution if number_type is int else FloatDistribution
    return distribution_type(min(values), max(values), log=is_log)


def _number_type(name: str, values: list[Any]) -> type[int] | type[float] | None:
    """Return what all values can be stored as; None where one is no number, or none that a float holds."""
    for value in values:
        # Not isinstance: True is an instance of int. A storage keeps integers as floats.
        if type(value) not in (int, float) or not isfinite(value) or float(value) != value:
            return None
    # A widened learning rate need not be an integer.
    is_whole = all(type(value) is int for value in values) and not Parameter.from_name(name).is_lr
    return int if is_whole else float
