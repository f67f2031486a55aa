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
# And those that keep its lists and dictionaries, such as its curves, by label and key: too long to be shown.
KEPT = "sweeps:kept:"

# The user attributes of a trial whose setting was enqueued, not sampled: its overrides, its parameters.
OVERRIDES, PARAMS = "overrides", "params"

# How a trial's value comes from its replicates'.
AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
}


class Reports:
    """What the replicates of a trial reported, and when the trial's mean at a step is told.

    The intermediate value at a step is the mean over the replicates that have reached it. Where a pruner
    looks at it, it is told when all that run at the same time have; else when all have, which costs less.
    """

    def __init__(self, study: optuna.Study, trial: optuna.Trial, labels: Sequence[str]) -> None:
        self.study = study
        self.trial = trial
        self.is_single = len(study.directions) == 1
        self.is_pruned = self.is_single and not isinstance(study.pruner, NopPruner)
        self.running: set[str] = set()
        attributes = trial.storage.get_trial(trial._trial_id).system_attrs
        self.values = {label: dict(attributes.get(f"{REPORTS}{label}", {})) for label in labels}
        self._judged: dict[tuple[int, int], bool] = {}

    @outlasting
    def keep(self, label: str, value: float, step: int) -> None:
        """Keep a replicate's value and tell the trial's mean if it is time to."""
        self.values[label][str(step)] = float(value)
        reached = self._reached(step)
        waited_for = self.running if self.is_pruned else set(self.values)
        if self.is_single and waited_for <= reached.keys():
            # Optuna's Trial.report keeps a step's first value; the mean changes with each replicate.
            self.trial.storage.set_trial_intermediate_value(
                self.trial._trial_id, step, fmean(reached.values())
            )

    @outlasting
    def should_prune(self, step: int) -> bool:
        """Whether the study's pruner would stop the trial at a step, by the values told so far."""
        if not self.is_pruned:
            return False
        state = step, len(self._reached(step))
        if state not in self._judged:
            trial = copy(self.trial.storage.get_trial(self.trial._trial_id))
            # Pruners look at the last step, which for a later replicate is an earlier one's.
            told = trial.intermediate_values.items()
            trial.intermediate_values = {at: value for at, value in told if at <= step}
            self._judged[state] = self.study.pruner.prune(self.study, trial)
        return self._judged[state]

    def verdict(self, step: int) -> str:
        """Whose word it is that ends the trial at a step, and on what value."""
        values = self._reached(step).values()
        return f"{type(self.study.pruner).__name__} at {fmean(values):.6g}" if values else "pruned by the job"

    def _reached(self, step: int) -> dict[str, float]:
        return {label: values[str(step)] for label, values in self.values.items() if str(step) in values}


class Replicate:
    """The trial as one of its replicates sees it (a `sweeps.trial.Trial`).

    Its record is written at once when it ends, as the trial's user attribute of the replicate's label:
    {"value": ..., and what the job set}. Lists and dictionaries go to system attributes KEPT<label>/<key>.
    """

    def __init__(self, reports: Reports, label: str) -> None:
        self.number: int | None = reports.trial.number
        self._reports = reports
        self._trial = reports.trial
        self._label = label
        self._step = 0
        self._attributes: dict[str, Any] = {}
        reports.values[label] = {}  # those of an earlier start are told anew

    def report(self, value: float, step: int) -> None:
        """Keep the objective after `step` and tell the trial's mean."""
        self._step = step
        self._reports.keep(self._label, value, step)

    def should_prune(self) -> bool:
        """Whether the study's pruner would stop the trial, by the values told so far."""
        return self._reports.should_prune(self._step)

    def where(self, reason: str) -> str:
        """What ended the replicate early, with the place: its label and the step it had reached."""
        return f"{self._label}, step {self._step}: {reason or self._reports.verdict(self._step)}"

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep a value for the record."""
        self._attributes[key] = value

    @outlasting
    def finish(self, values: Sequence[float]) -> None:
        """Write the record; a replicate that has one is never run again."""
        long = {key: kept for key, kept in self._attributes.items() if isinstance(kept, list | dict)}
        aside = {f"{KEPT}{self._label}/{key}": kept for key, kept in long.items()}
        if reported := self._reports.values[self._label]:
            aside[f"{REPORTS}{self._label}"] = reported
        for key, kept in aside.items():
            self._trial.storage.set_trial_system_attr(self._trial._trial_id, key, kept)
        short = {key: kept for key, kept in self._attributes.items() if key not in long}
        value = values[0] if self._reports.is_single else list(values)
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
