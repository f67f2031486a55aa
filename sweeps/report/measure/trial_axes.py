"""Read the searched parameters from a study's trials."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import MOST_CELLS
from sweeps.study.parameter import Parameter
from sweeps.study.values import count_steps, list_steps, read_value


def read_axes(trials: Sequence[FrozenTrial], grid: Mapping[str, Sequence[Any]]) -> list[Axis]:
    """Return the parameters of all trials in the order they were sampled.

    grid: the declared values of those that a grid stores as numbers, to which widening may have added.
    """
    axes: dict[str, Axis] = {}
    for trial in trials:
        for name, space in trial.distributions.items():
            if name not in axes:
                is_grid = name in grid
                axes[name] = _grid_axis(name, grid[name], trials) if is_grid else _space_axis(name, space)
    settings = [trial.params for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    conditionals = {name for name in axes if any(name not in params for params in settings)}
    return [replace(axis, is_conditional=name in conditionals) for name, axis in axes.items()]


def _grid_axis(name: str, values: Sequence[Any], trials: Sequence[FrozenTrial]) -> Axis:
    added = {trial.params[name] for trial in trials if name in trial.params}.difference(values)
    is_log = Parameter.from_name(name).is_log(values)
    return Axis(name, sorted({*values, *added}), True, is_log, added=sorted(added))


def _space_axis(name: str, space: BaseDistribution) -> Axis:
    if isinstance(space, CategoricalDistribution):
        is_ordered = all(map(_is_number, space.choices))
        values = [read_value(space, choice) for choice in space.choices]
        values = sorted(values) if is_ordered else values
        return Axis(name, values, is_ordered, is_ordered and Parameter.from_name(name).is_log(values))
    assert isinstance(space, FloatDistribution | IntDistribution)
    if space.step is None or space.log or count_steps(space) > MOST_CELLS:
        is_log = space.log or (Parameter.from_name(name).is_lr and space.low > 0)
        return Axis(name, [space.low, space.high], True, is_log, continuous=True)
    if isinstance(space, FloatDistribution):
        return Axis(name, list_steps(space), True, False)
    return Axis(name, list(range(space.low, space.high + 1, space.step)), True, False)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
