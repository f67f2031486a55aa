"""Optuna's grid and quasi-random sequences for trials that are asked for one by one, by many processes."""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import GridSampler, QMCSampler
from optuna.trial import FrozenTrial, TrialState


class Grid(GridSampler):
    """Optuna's grid without its stop at the end, which only `Study.optimize` understands."""

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Leave the counting to the claims."""


class Points(QMCSampler):
    """Optuna's quasi-random points from the very first trial on, whose space it would have to guess from."""

    def __init__(self, space: Mapping[str, BaseDistribution], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._space = {
            name: distribution
            for name, distribution in space.items()
            if not (isinstance(distribution, CategoricalDistribution) or distribution.single())
        }

    def infer_relative_search_space(
        self,
        study: Study,  # noqa: ARG002 -- Optuna's signature
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """All that has an order."""
        return self._space
