"""Sampling for trials that are asked for one by one, by many processes."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from numpy.random import SeedSequence
from optuna import Study, Trial
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, BruteForceSampler, GridSampler, QMCSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.large_grid import MOST_LISTED, LargeGrid
from sweeps.study.optuna_internals import copy_random_state, random_states


class Grid(GridSampler):
    """Optuna's grid without its stop at the end, which only `Study.optimize` understands.

    first: the settings that it begins with. order: each parameter's values in the order to walk them, the
    last parameter fastest; Optuna's own order is shuffled.
    """

    def __init__(
        self,
        space: Mapping[str, Sequence[Any]],
        seed: int | None = None,
        first: Sequence[Mapping[str, Any]] = (),
        order: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        if prod(map(len, space.values())) > MOST_LISTED:
            super().__init__({name: values[:1] for name, values in space.items()}, seed)
            self._search_space = {name: list(space[name]) for name in self._param_names}
            points = [self._to_point(setting) for setting in first]
            large = LargeGrid(order or self._search_space, None if order else seed or 0, points)
            # Optuna asks for a setting by its number, and how many there are.
            self._all_grids = large  # type: ignore[assignment]
            self._n_min_trials = len(large)
            return
        super().__init__(space, seed)
        if order is not None:
            settings = (dict(zip(order, values, strict=True)) for values in product(*order.values()))
            self._all_grids = [self._to_point(setting) for setting in settings]
        if first:
            points = [self._to_point(setting) for setting in first]
            self._all_grids = [*points, *(point for point in self._all_grids if point not in points)]

    def _to_point(self, setting: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(setting[name] for name in self._param_names)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Leave the counting to the claims."""


class QuasiRandomPoints(QMCSampler):
    """Optuna's quasi-random points from the very first trial on, whose space it would have to guess from."""

    def __init__(self, space: Mapping[str, BaseDistribution], **arguments: Any) -> None:
        super().__init__(**arguments)
        # Categories are coordinates too: drawn independently, workers of one seed would draw the same.
        self._space = {name: part for name, part in space.items() if not part.single()}

    def infer_relative_search_space(
        self,
        study: Study,  # noqa: ARG002 -- Optuna's signature
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """Return all parameters that have more than one value."""
        return self._space


class RandomPoints(RandomSampler):
    """Optuna's random points: a trial's are those of its number, whichever worker draws them."""

    def __init__(self, space: Mapping[str, BaseDistribution], seed: int | None = None) -> None:
        super().__init__(seed)
        self._space, self._seed = space, seed
        # What one process would have drawn before the trial of a number.
        self._earlier, self._number = RandomSampler(seed), 0

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Draw all that belongs to earlier trials, in vain."""
        if self._seed is None:
            return
        if trial.number < self._number:
            self._earlier, self._number = RandomSampler(self._seed), 0
        for _ in range(trial.number - self._number):
            for name, distribution in self._space.items():
                self._earlier.sample_independent(study, trial, name, distribution)
        self._number = trial.number
        copy_random_state(self._earlier, self)


class BruteForce(BruteForceSampler):
    """Optuna's search of a finite space, whose order doesn't depend on the workers."""

    def __init__(self, seed: int | None = None, **arguments: Any) -> None:
        super().__init__(seed, **arguments)
        self._seed = seed

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:  # noqa: ARG002 -- Optuna's signature
        """Begin a trial's own random numbers."""
        if self._seed is not None:
            reseed(self, self._seed, trial.number)


def reseed(sampler: BaseSampler, seed: int, number: int) -> None:
    """Begin the random numbers of a trial, the same for each worker that has this seed."""
    for index, state in enumerate(random_states(sampler)):
        state.seed(int(SeedSequence([seed, number, index]).generate_state(1)[0]))


def suggest(trial: Trial, name: str, space: BaseDistribution) -> None:
    """Draw a trial's parameter, unless the trial has it."""
    if name in trial.params:
        return
    match space:
        case FloatDistribution():
            trial.suggest_float(name, space.low, space.high, step=space.step, log=space.log)
        case IntDistribution():
            trial.suggest_int(name, space.low, space.high, step=space.step, log=space.log)
        case CategoricalDistribution():
            trial.suggest_categorical(name, space.choices)
        case _:
            raise TypeError(f"{name}: Optuna has no suggestion for {space!r}")
