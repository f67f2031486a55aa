"""The reports of a trial's replicates while they run, and the pruning that follows from them."""

from collections.abc import Sequence
from copy import copy
from statistics import fmean

import optuna
from optuna.pruners import NopPruner

from sweeps.study.optuna_internals import read_trial, set_intermediate_value
from sweeps.study.outage import retry_once

# The prefix of the trial's system attributes that hold what each replicate reported, by its label.
REPORTS = "sweeps:reports:"


class Reports:
    """The reports of a trial's replicates, and the trial's mean of them.

    The intermediate value at a step is the mean over the replicates that have reached it. Where a pruner
    looks at it, it is written when all that run at the same time have; else when all have, which costs less.
    """

    def __init__(self, study: optuna.Study, trial: optuna.Trial, labels: Sequence[str]) -> None:
        self.study = study
        self.trial = trial
        self.is_single = len(study.directions) == 1
        self.is_pruned = self.is_single and not isinstance(study.pruner, NopPruner)
        # The labels of the replicates that run at the same time.
        self.concurrent_labels: set[str] = set()
        attributes = read_trial(study, trial).system_attrs
        # By label, then by step; steps are text, as JSON's keys are.
        self.values = {label: dict(attributes.get(f"{REPORTS}{label}", {})) for label in labels}
        # The pruner's answers by step and by how many replicates had reached it.
        self._answers: dict[tuple[int, int], bool] = {}

    @retry_once
    def add(self, label: str, value: float, step: int) -> None:
        """Add a replicate's value and write the trial's mean if it is time to."""
        self.values[label][str(step)] = float(value)
        values = self._values_at(step)
        required = self.concurrent_labels if self.is_pruned else set(self.values)
        if self.is_single and required <= values.keys():
            # Over an earlier mean, as that changes with each replicate.
            set_intermediate_value(self.study, self.trial, step, fmean(values.values()))

    @retry_once
    def should_prune(self, step: int) -> bool:
        """Return whether the study's pruner would stop the trial at a step, by the values so far."""
        if not self.is_pruned:
            return False
        # The answer for a step changes only when another replicate reaches it.
        state = step, len(self._values_at(step))
        if state not in self._answers:
            trial = copy(read_trial(self.study, self.trial))
            # Pruners look at the last step, which for a later replicate is an earlier one's.
            values = trial.intermediate_values.items()
            trial.intermediate_values = {at: value for at, value in values if at <= step}
            self._answers[state] = self.study.pruner.prune(self.study, trial)
        return self._answers[state]

    def describe_pruning(self, step: int) -> str:
        """Return the pruner that ended the trial at a step, and the value it judged."""
        values = self._values_at(step).values()
        return f"{type(self.study.pruner).__name__} at {fmean(values):.6g}" if values else "pruned by the job"

    def _values_at(self, step: int) -> dict[str, float]:
        return {label: values[str(step)] for label, values in self.values.items() if str(step) in values}
