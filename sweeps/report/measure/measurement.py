"""Hold what one study measured, as arrays: what every figure, table and page is made from.

    study in a storage  --from_storage.read-->  Measurement  -->  findings, sentences, figures, files

A `Setting` is a point of the search space, a `Replicate` one way to repeat it (a seed, under a condition), a
`FinishedRun` the training of a setting with a replicate. The arrays hold what is finished, nan elsewhere, and
are oriented: higher is better.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sweeps.report.measure.axis import Axis
from sweeps.report.measure.confirmation import Confirmation
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import FinishedRun, Params, Replicate, Setting
from sweeps.report.measure.widening import Widening
from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.robust import log10

# How a space was searched: every setting; points that cover it evenly, whatever they score; drawn to what
# scores well, or pruned.
Coverage = Literal["grid", "qmc", "adaptive"]
# Cells of an array over a grid. Nobody means to train more settings: such a sweep needs a number of trials.
MOST_CELLS = 20_000
# Whether there is anything to pick from.
Outcome = Literal["measured", "nothing measured", "all diverged", "learned nothing"]


@dataclass(frozen=True)
class Measurement:
    """One study."""

    # its name in the storage
    study: str
    # the option that got this study, "sgd"; else the study's name
    option: str
    coverage: Coverage
    # what the first objective measures
    metric: Metric
    # the searched parameters
    axes: Sequence[Axis]
    # the conditions in turn, each with all seeds
    replicates: Sequence[Replicate]
    # all trials in the order they were begun, unfinished, pruned and failed too; retried ones once
    settings: Sequence[Setting]
    # how many settings the sweep wants in all, where it is known
    planned: int | None = None
    # the parameters' values in the config itself
    default: Params | None = None
    # the search space as written
    space: Mapping[str, str] = field(default_factory=dict)
    # the plain values of those that are text of another value in the settings
    literals: Mapping[str, Any] = field(default_factory=dict)
    # what every job was started with: values by key, options by config group
    fixed: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, str | list[str]] = field(default_factory=dict)
    # the searched keys that are config groups
    groups: Sequence[str] = ()
    # the config's leaves by dotted key, without searched, repeated and irrelevant ones
    config: Mapping[str, Any] = field(default_factory=dict)
    # the folder of --config-dir, if there was one
    config_dir: str | None = None
    # the sweep's, which the runs' are below
    folder: str | None = None
    # how many objectives there are
    objectives: int = 1
    # the picks trained again on fresh seeds
    confirmation: Confirmation = field(default_factory=Confirmation)
    # what was added to the declared learning rates
    widening: Widening = field(default_factory=Widening)
    # what a run's validation metric should reach, by the user's `report.target`
    target: float | None = None

    def declared(self) -> "Measurement":
        """Return the measurement of the declared values alone: what was added depends on the scores."""
        if not any(axis.added for axis in self.axes):
            return self
        settings = []
        for setting in self.settings:
            if not any(setting.params.get(axis.name) in axis.added for axis in self.axes):
                settings.append(setting)
        axes = [replace(axis, values=axis.declared, added=()) for axis in self.axes]
        return replace(self, axes=axes, settings=settings)

    @property
    def runs(self) -> list[FinishedRun]:
        """Return all finished runs of the search."""
        return [run for setting in self.settings for run in setting.runs.values()]

    @property
    def complete(self) -> list[Setting]:
        """Return the settings whose replicates all ended, in the order they were begun."""
        return [setting for setting in self.settings if setting.is_complete]

    @property
    def is_grid(self) -> bool:
        """Return whether every axis is finite, so that an array over the axes holds the settings.

        Not of so many cells that the array would take the memory: then the settings are points.
        """
        if any(axis.continuous or axis.is_conditional for axis in self.axes):
            return False
        return bool(self.axes) and prod(len(axis.values) for axis in self.axes) <= MOST_CELLS

    @property
    def is_even(self) -> bool:
        """Return whether the settings cover the space, so that shares, bands and importance hold."""
        return self.coverage != "adaptive"

    @property
    def ordered(self) -> list[bool]:
        """Return for each axis whether its values have neighbours."""
        return [axis.ordered for axis in self.axes]

    @property
    def lr_axis(self) -> int | None:
        """Return the axis of the learning rate, lr or <anything>.lr; None unless all settings are on it."""
        for number, axis in enumerate(self.axes):
            if axis.short == "lr" and axis.ordered and not axis.is_conditional:
                return number
        return None

    @property
    def lr(self) -> Axis | None:
        """Return the learning rate, if it is searched."""
        return None if self.lr_axis is None else self.axes[self.lr_axis]

    @cached_property
    def log_lrs(self) -> Floats:
        """Return the logarithms of the settings' learning rates, 0 where those aren't searched: (*shape)."""
        if self.lr is None:
            return np.zeros(self.shape)
        if self.is_grid:
            return log10(self.lr.values)[np.indices(self.shape)[self.lr_axis]]
        return log10([setting.params.get(self.lr.name, np.nan) for setting in self.complete])

    @property
    def outcome(self) -> Outcome:
        """Return "measured" if a run of a complete setting converged and learned something, else why not."""
        runs = [run for setting in self.by_index.values() for run in setting.runs.values()]
        if not runs:
            return "nothing measured"
        if all(run.diverged for run in runs):
            return "all diverged"
        if all(run.diverged or run.learned_nothing for run in runs):
            return "learned nothing"
        return "measured"

    @cached_property
    def by_index(self) -> dict[Index, Setting]:
        """Return the complete settings by their index in the arrays; of two at one index, the earlier.

        On a grid (i, j, ...) along the axes, else (i,), the i-th complete setting.
        """
        settings: dict[Index, Setting] = {}
        for number, setting in enumerate(self.complete):
            index = self._grid_index(setting) if self.is_grid else (number,)
            if index is not None:
                settings.setdefault(index, setting)
        return settings

    def _grid_index(self, setting: Setting) -> Index | None:
        index = []
        for axis in self.axes:
            value = setting.params.get(axis.name)
            if value not in axis.values:
                return None
            index.append(list(axis.values).index(value))
        return tuple(index)

    def index_of(self, params: Params) -> Index | None:
        """Return where a setting is in the arrays, if it is complete."""
        for index, setting in self.by_index.items():
            if dict(setting.params) == dict(params):
                return index
        return None

    @property
    def shape(self) -> tuple[int, ...]:
        """Return that of the arrays: the axes' lengths, or (complete settings,) where there is no grid."""
        return tuple(len(axis.values) for axis in self.axes) if self.is_grid else (len(self.complete),)

    @cached_property
    def scores(self) -> Floats:
        """Return what each run scored, nan where it is missing: (*shape, replicates)."""
        return self.metric.orient(self._over_runs(lambda run: run.value, np.nan))

    @cached_property
    def diverged(self) -> Flags:
        """Flag the runs that diverged: (*shape, replicates)."""
        return np.equal(self._over_runs(lambda run: run.diverged, 0), 1)

    @cached_property
    def means(self) -> Floats:
        """Return the settings' means over all replicates: (*shape)."""
        return np.asarray(self.scores.mean(axis=-1))

    @cached_property
    def seed_scores(self) -> Floats:
        """Return means over the conditions: (*shape, seeds).

        What differs between conditions is no noise: intervals are over the seeds.
        """
        return np.asarray(self.by_condition(self.scores).mean(axis=-2))

    @cached_property
    def seed_diverged(self) -> Flags:
        """Return whether a run diverged under any condition: (*shape, seeds)."""
        return np.asarray(self.by_condition(self.diverged).any(axis=-2))

    @cached_property
    def condition_means(self) -> Floats:
        """Return means over the seeds: (*shape, conditions)."""
        return np.asarray(self.by_condition(self.scores).mean(axis=-1))

    @cached_property
    def conditions(self) -> list[str]:
        """Return the labels of the conditions, [""] where there is only one."""
        return list(dict.fromkeys(replicate.condition_label for replicate in self.replicates))

    @property
    def seeds(self) -> list[Any]:
        """Return the seeds that each condition has."""
        return list(dict.fromkeys(replicate.seed for replicate in self.replicates))

    def by_condition(self, values: NDArray[Any]) -> NDArray[Any]:
        """Split replicates into conditions and seeds: (..., replicates) -> (..., conditions, seeds)."""
        conditions = len(self.conditions)
        return values.reshape(*values.shape[:-1], conditions, len(self.replicates) // conditions)

    def _over_runs(self, of: Callable[[FinishedRun], float], fill: float) -> Floats:
        array = np.full((*self.shape, len(self.replicates)), fill, dtype=float)
        for index, setting in self.by_index.items():
            for number, replicate in enumerate(self.replicates):
                if replicate.label in setting.runs:
                    array[(*index, number)] = of(setting.runs[replicate.label])
        return array
