"""What one replicate of a trial reports and records."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from itertools import product
from statistics import fmean, median
from typing import Any

import optuna
from optuna.pruners import NopPruner

from sweeps.study.outage import outlasting

# The trial's system attributes that keep what each replicate reported, by its label.
REPORTS = "sweeps:reports:"

# The user attributes of a trial whose setting was enqueued, not sampled: its overrides, its parameters.
OVERRIDES, PARAMS = "overrides", "params"

# How a trial's value comes from its replicates'.
AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
}


class Replicate:
    """The trial as one of its replicates sees it (a `sweeps.trial.Trial`).

    Its record is written at once when it ends, as the trial's user attribute of the replicate's label:
    {"value": ..., and what the job set}. Lists and dictionaries go to attributes "<label>/<key>".
    The trial's intermediate value at a step is the mean over the replicates that have reached it. It is told
    at once where a pruner looks at it, else when all have reached it, which costs the storage less.
    """

    def __init__(self, study: optuna.Study, trial: optuna.Trial, label: str, labels: Sequence[str]) -> None:
        self.number: int | None = trial.number
        self._study = study
        self._trial = trial
        self._label = label
        self._single = len(study.directions) == 1
        self._pruned = not isinstance(study.pruner, NopPruner)
        attributes = trial.storage.get_trial(trial._trial_id).system_attrs
        self._others = [attributes.get(f"{REPORTS}{other}", {}) for other in labels if other != label]
        self._step = 0
        self._reports: dict[str, float] = {}
        self._attributes: dict[str, Any] = {}

    @outlasting
    def report(self, value: float, step: int) -> None:
        """Keep the objective after `step` and tell the trial's mean."""
        self._step = step
        self._reports[str(step)] = float(value)
        reached = [reports[str(step)] for reports in self._others if str(step) in reports]
        if self._single and (self._pruned or len(reached) == len(self._others)):
            # Optuna's Trial.report keeps a step's first value; the mean changes with each replicate.
            self._trial.storage.set_trial_intermediate_value(
                self._trial._trial_id, step, fmean([float(value), *reached])
            )

    @outlasting
    def should_prune(self) -> bool:
        """Whether the study's pruner would stop the trial, by the values told so far."""
        if not (self._single and self._pruned):
            return False
        trial = copy(self._trial.storage.get_trial(self._trial._trial_id))
        # Pruners look at the last step, which for a later replicate is an earlier one's.
        told = trial.intermediate_values.items()
        trial.intermediate_values = {step: value for step, value in told if step <= self._step}
        return self._study.pruner.prune(self._study, trial)

    def where(self, reason: str) -> str:
        """What ended the replicate early, with the place: its label and the step it had reached."""
        return f"{self._label}, step {self._step}" + (f": {reason}" if reason else "")

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep a value for the record."""
        self._attributes[key] = value

    @outlasting
    def finish(self, values: Sequence[float]) -> None:
        """Write the record; a replicate that has one is never run again."""
        long = {key: kept for key, kept in self._attributes.items() if isinstance(kept, list | dict)}
        for key, kept in long.items():
            self._trial.set_user_attr(f"{self._label}/{key}", kept)
        if self._reports:
            self._trial.storage.set_trial_system_attr(
                self._trial._trial_id, f"{REPORTS}{self._label}", self._reports
            )
        short = {key: kept for key, kept in self._attributes.items() if key not in long}
        value = values[0] if self._single else list(values)
        self._trial.set_user_attr(self._label, {"value": value, **short})


def labelled(axes: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """Each combination of the axes' values, by the label of its replicate."""
    combinations = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    return {
        ",".join(f"{key}={_written(value)}" for key, value in values.items()) or "run": values
        for values in combinations
    }


def _written(value: Any) -> str:
    """A value as YAML and Hydra write it: labels name folders, keys of records and rows of tables."""
    return json.dumps(value) if isinstance(value, bool) or value is None else str(value)


def records(attributes: Mapping[str, Any], labels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The records of a trial's finished replicates, by label."""
    return {label: attributes[label] for label in labels if label in attributes}


def values_of(record: Mapping[str, Any]) -> list[float]:
    """A record's objectives."""
    value = record["value"]
    return [float(part) for part in (value if isinstance(value, list) else [value])]


def objectives(label: str, returned: Any, count: int) -> list[float]:
    """The job's return value as `count` numbers. Raises ValueError where it isn't that many finite ones."""
    parts = [returned] if count == 1 else returned
    try:
        values = [float(part) for part in parts]
    except (TypeError, ValueError):
        wanted = "a number" if count == 1 else f"{count} numbers"
        raise ValueError(f"{label}: the job returned {returned!r}, which is not {wanted}") from None
    if len(values) != count:
        raise ValueError(f"{label}: the job returned {len(values)} numbers, not {count}: {returned!r}")
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"{label}: the job returned {returned}, which is not finite")
    return values
