"""What one replicate of a trial reports and records."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import optuna

# The trial's system attributes that keep what each replicate reported, by its label.
REPORTS = "sweeps:reports:"


class Replicate:
    """The trial as one of its replicates sees it (a `sweeps.trial.Trial`).

    Its record is written at once when it ends, as the trial's user attribute of the replicate's label:
    {"value": ..., and what the job set}. Lists and dictionaries go to attributes "<label>/<key>".
    The trial's intermediate value at a step is the mean over its replicates, told when all have reached it.
    """

    def __init__(self, trial: optuna.Trial, label: str, labels: Sequence[str]) -> None:
        self.number: int | None = trial.number
        self._trial = trial
        self._label = label
        stored = trial.storage.get_trial(trial._trial_id)
        reports = stored.system_attrs
        self._others = [reports.get(f"{REPORTS}{other}", {}) for other in labels if other != label]
        self._told = stored.intermediate_values.keys()
        self._reports: dict[str, float] = {}
        self._attributes: dict[str, Any] = {}

    def report(self, value: float, step: int) -> None:
        """Keep the objective after `step`; tell their mean once every replicate has one."""
        self._reports[str(step)] = float(value)
        # A resumed trial may have told this step before it was interrupted.
        if step not in self._told and all(str(step) in reports for reports in self._others):
            self._trial.report(fmean([value, *(reports[str(step)] for reports in self._others)]), step)

    def should_prune(self) -> bool:
        """Whether the study's pruner would stop the trial, by the values told so far."""
        return self._trial.should_prune()

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep a value for the record."""
        self._attributes[key] = value

    def finish(self, value: float) -> None:
        """Write the record; a replicate that has one is never run again."""
        long = {key: kept for key, kept in self._attributes.items() if isinstance(kept, list | dict)}
        for key, kept in long.items():
            self._trial.set_user_attr(f"{self._label}/{key}", kept)
        if self._reports:
            self._trial.storage.set_trial_system_attr(
                self._trial._trial_id, f"{REPORTS}{self._label}", self._reports
            )
        short = {key: kept for key, kept in self._attributes.items() if key not in long}
        self._trial.set_user_attr(self._label, {"value": value, **short})


def records(attributes: dict[str, Any], labels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The records of a trial's finished replicates, by label."""
    return {label: attributes[label] for label in labels if label in attributes}


def objective(label: str, returned: Any) -> float:
    """The job's return value as a number. Raises ValueError where it isn't a finite one."""
    try:
        value = float(returned)
    except (TypeError, ValueError):
        raise ValueError(f"{label}: the job returned {returned!r}, which is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{label}: the job returned {value}, which is not finite")
    return value
