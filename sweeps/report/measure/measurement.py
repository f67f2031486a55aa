"""What one study measured, as arrays: what every figure, table and page is made from.

    study in a storage  --reading.read-->  Measurement  -->  statistics, figures, tables, files

A `Setting` is a point of the search space, a `Replicate` one way to repeat it (a seed, under a condition), a
`Run` the training of a setting with a replicate. The arrays of a `Measurement` hold what is finished, nan
elsewhere, in the unit of the objective; `sign` times them is "higher is better".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sweeps.report.measure.axis import Axis
from sweeps.report.measure.confirmation import Confirmation
from sweeps.report.measure.settings import Params, Replicate, Run, Setting
from sweeps.report.statistics.arrays import Flags, Floats, Index

# How the space was walked: every setting; points that cover it evenly, whatever they score; drawn to what
# scores well, or pruned.
Way = Literal["grid", "qmc", "adaptive"]


@dataclass(frozen=True)
class Measurement:
    """One study.

    study: its name; option: that of the group that got a study each ("sgd"), else the study's name.
    metric: what the objective is called; sign: 1 where it is maximised, -1 where minimised.
    chance: what guessing scores, where the jobs say so.
    axes: the searched parameters; replicates: conditions in turn, each with all seeds.
    settings: all trials in the order they were begun, unfinished, pruned and failed too; retried ones once.
    planned: how many settings the sweep wants in all, where it is known.
    default: the parameters' values in the config itself, which the library chose.
    space: the search space as written; groups: those of its keys that are config groups.
    fixed, choices: what was asked of every job, values by key and options by group.
    config: its leaves by dotted key, without searched, repeated and irrelevant ones.
    folder: the sweep's, which the runs' are below.
    objectives: how many there are; front: the Pareto-optimal trials where there are several.
    """

    study: str
    option: str
    group: str | None
    way: Way
    metric: str
    sign: int
    chance: float | None
    axes: Sequence[Axis]
    replicates: Sequence[Replicate]
    settings: Sequence[Setting]
    planned: int | None = None
    default: Params | None = None
    space: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    groups: Sequence[str] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    folder: str | None = None
    objectives: int = 1
    front: Sequence[int] = ()
    confirmation: Confirmation = field(default_factory=Confirmation)

    @property
    def complete(self) -> list[Setting]:
        """The settings whose replicates all ended, in the order they were begun."""
        return [setting for setting in self.settings if setting.is_complete]

    @property
    def is_grid(self) -> bool:
        """Whether every axis is finite, so that the settings have places in an array."""
        return bool(self.axes) and not any(axis.continuous for axis in self.axes)

    @property
    def ordered(self) -> list[bool]:
        """Of each axis, whether its values have neighbours."""
        return [axis.ordered for axis in self.axes]

    @property
    def lr_axis(self) -> int | None:
        """The axis of the learning rate, by its name: lr or <anything>.lr."""
        return next((place for place, axis in enumerate(self.axes) if axis.short == "lr"), None)

    @cached_property
    def places(self) -> dict[Index, Setting]:
        """The complete settings by their place in the arrays; of two at one place, the earlier.

        On a grid (i, j, ...) along the axes, else (i,), the i-th complete setting.
        """
        if not self.is_grid:
            return {(number,): setting for number, setting in enumerate(self.complete)}
        placed: dict[Index, Setting] = {}
        for setting in self.complete:
            values = [setting.params.get(axis.name) for axis in self.axes]
            if all(value in axis.values for value, axis in zip(values, self.axes, strict=True)):
                found = (
                    list(axis.values).index(value) for value, axis in zip(values, self.axes, strict=True)
                )
                placed.setdefault(tuple(found), setting)
        return placed

    def place_of(self, params: Params) -> Index | None:
        """Where a setting is in the arrays, if it is complete."""
        same = (place for place, setting in self.places.items() if dict(setting.params) == dict(params))
        return next(same, None)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the settings in the arrays: the axes' lengths, or (complete settings,) where it is no grid."""
        return tuple(len(axis.values) for axis in self.axes) if self.is_grid else (len(self.complete),)

    @cached_property
    def scores(self) -> Floats:
        """(*shape, replicates): what each run scored, nan where it is missing."""
        return self._over_runs(lambda run: run.value, np.nan)

    @cached_property
    def diverged(self) -> Flags:
        """(*shape, replicates): which runs diverged."""
        return np.equal(self._over_runs(lambda run: run.diverged, 0), 1)

    @cached_property
    def conditions(self) -> list[str]:
        """The labels of the conditions, [""] where there is only one."""
        return list(dict.fromkeys(replicate.condition_label for replicate in self.replicates))

    @property
    def seeds(self) -> list[Any]:
        """The seeds that each condition has."""
        return list(dict.fromkeys(replicate.seed for replicate in self.replicates))

    def by_condition(self, values: NDArray[Any]) -> NDArray[Any]:
        """(..., replicates) as (..., conditions, seeds): every condition has all seeds, in the same order."""
        conditions = len(self.conditions)
        return values.reshape(*values.shape[:-1], conditions, len(self.replicates) // conditions)

    def _over_runs(self, of: Callable[[Run], float], missing: float) -> Floats:
        array = np.full((*self.shape, len(self.replicates)), missing, dtype=float)
        for place, setting in self.places.items():
            for number, replicate in enumerate(self.replicates):
                if replicate.label in setting.runs:
                    array[(*place, number)] = of(setting.runs[replicate.label])
        return array
