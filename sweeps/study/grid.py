"""Optuna's grid for trials that are asked for one by one."""

from collections.abc import Sequence

from optuna import Study
from optuna.samplers import GridSampler
from optuna.trial import FrozenTrial, TrialState


class Grid(GridSampler):
    """Optuna's grid without its stop at the end, which only `Study.optimize` understands."""

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Leave the counting to the claims."""
