"""The record that a trial keeps of each replicate that has ended."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median
from typing import Any, TypeVar

import optuna
from optuna import TrialPruned as TrialPruned  # for the application, which doesn't speak Optuna
from optuna.trial import FrozenTrial

from sweeps.study.optuna_internals import read_trial, set_trial_attribute
from sweeps.study.outage import retry_once
from sweeps.study.plain import to_plain
from sweeps.study.reports import REPORTS, Reports

Number = TypeVar("Number", int, float)

# The prefix of the trial's system attributes that hold a replicate's lists and dictionaries, such as its
# curves, by label and key: too long to be shown among the user attributes.
LONG_VALUES = "sweeps:kept:"

# The trial's system attribute that holds its constraints as Optuna before version 5 kept them: the dashboard
# reads no other, and Optuna 5 reads it too.
CONSTRAINTS = "constraints"

# The user attributes of a trial whose setting was enqueued, not sampled: its overrides, its parameters.
OVERRIDES, PARAMS = "overrides", "params"

# How a trial's value comes from its replicates'.
AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
}


class ReplicateTrial:
    """The trial as one of its replicates sees it (a `sweeps.trial.Trial`).

    Its record is written at once when it ends, as the trial's user attribute of the replicate's label:
    {"value": ..., and what the job set}. Lists and dictionaries go to system attributes, by LONG_VALUES.
    """

    def __init__(self, reports: Reports, label: str) -> None:
        self.number: int | None = reports.trial.number
        self._reports = reports
        self._trial = reports.trial
        self.label = label
        self._step = 0
        self._attributes: dict[str, Any] = {}
        reports.values[label] = {}  # a second start reports all steps again

    @property
    def study(self) -> str:
        """Return the name of the trial's study."""
        return self._trial.study.study_name

    @property
    def identity(self) -> tuple[optuna.Trial, str]:
        """Return the trial and the replicate's label in it."""
        return self._trial, self.label

    def report(self, value: float, step: int) -> None:
        """Add the objective after `step`, and write the trial's mean.

        Raises TypeError or ValueError, as Optuna does, for what is no number or no step.
        """
        number, at = _to_number("value", value, float), _to_number("step", step, int)
        if at < 0:
            raise ValueError(f"report(step={step}): a step must be at least 0")
        self._step = at
        self._reports.add(self.label, number, at)

    def should_prune(self) -> bool:
        """Return whether the study's pruner would stop the trial, by the values so far."""
        return self._reports.should_prune(self._step)

    def describe_end(self, reason: str) -> str:
        """Return what ended the replicate early, after its label and the step it had reached."""
        return f"{self.label}, step {self._step}: {reason or self._reports.describe_pruning(self._step)}"

    def set_constraint(self, key: str, value: float) -> None:
        """Keep how far the job exceeds a limit, for the record. Raises ValueError where it is no number."""
        if math.isnan(number := float(value)):
            raise ValueError(f"set_constraint({key!r}, {value}): a constraint must be a number")
        self._attributes.setdefault(CONSTRAINTS, {})[key] = number

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep a value for the record. Raises TypeError or ValueError for one that no storage holds there."""
        if key == "value":
            raise ValueError(
                "set_user_attr('value', ...): that key holds what the job returns; write another"
            )
        try:
            self._attributes[key] = to_plain(value)
        except TypeError as error:
            raise TypeError(f"set_user_attr({key!r}, {value!r}): {error}") from None

    @retry_once
    def finish(self, values: Sequence[float]) -> None:
        """Write the record; a replicate that has one is never run again."""
        record: dict[str, Any] = {"value": values[0] if self._reports.is_single else list(values)}
        system_attributes: dict[str, Any] = {}
        for key, value in self._attributes.items():
            if isinstance(value, list | dict):
                system_attributes[f"{LONG_VALUES}{self.label}/{key}"] = value
            else:
                record[key] = value
        if reports := self._reports.values[self.label]:
            system_attributes[f"{REPORTS}{self.label}"] = reports
        if CONSTRAINTS in self._attributes:
            system_attributes[CONSTRAINTS] = self._largest_constraints()
        with self._reports.queue.transaction():
            # The record last: a worker killed in between leaves none, and the replicate runs again.
            for key, value in system_attributes.items():
                set_trial_attribute(self._reports.study, self._trial, key, value)
            self._trial.set_user_attr(self.label, record)

    def _largest_constraints(self) -> list[float]:
        """Return the largest of the replicates' values of each constraint, by its name."""
        attributes = read_trial(self._reports.study, self._trial).system_attrs
        largest: dict[str, float] = dict(self._attributes[CONSTRAINTS])
        for label in self._reports.values:
            for key, value in attributes.get(f"{LONG_VALUES}{label}/{CONSTRAINTS}", {}).items():
                largest[key] = max(value, largest.get(key, -math.inf))
        return [largest[key] for key in sorted(largest)]


def read_constraints(trial: FrozenTrial) -> dict[str, float]:
    """Return a trial's constraints, by the names that its jobs gave them."""
    names: set[str] = set()
    for key, values in trial.system_attrs.items():
        if key.startswith(LONG_VALUES) and key.endswith(f"/{CONSTRAINTS}"):
            names |= values.keys()
    values = trial.system_attrs.get(CONSTRAINTS, [])
    return dict(zip(sorted(names), values, strict=True)) if names else trial.constraints


def _to_number(name: str, value: Any, kind: Callable[[Any], Number]) -> Number:
    """Return a value of numpy or torch, say, as a plain number."""
    try:
        return kind(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"report({name}={value!r}): a {name} must be a number") from None


def read_records(attributes: Mapping[str, Any], labels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the records of a trial's finished replicates, by label."""
    return {label: attributes[label] for label in labels if label in attributes}


def read_objectives(record: Mapping[str, Any]) -> list[float]:
    """Return a record's objectives."""
    value = record["value"]
    return [float(part) for part in (value if isinstance(value, list) else [value])]


def has_diverged(record: Mapping[str, Any]) -> bool:
    """Return whether a record's job said that it diverged, or returned an infinite number."""
    return bool(record.get("diverged")) or not all(map(math.isfinite, read_objectives(record)))


def read_curves(trial: FrozenTrial, label: str) -> dict[str, list[float]]:
    """Return a replicate's curves, one value an epoch, by metric; one left empty is what it reported."""
    curves = dict(trial.system_attrs.get(f"{LONG_VALUES}{label}/curves", {}))
    reports = trial.system_attrs.get(f"{REPORTS}{label}", {})
    # A run that diverged reports chance for the epochs it didn't train; they are no part of its curve.
    epochs = max((len(curve) for curve in curves.values()), default=0)
    reported = [reports[step] for step in sorted(reports, key=int)[:epochs]]
    return {metric: curve or reported for metric, curve in curves.items()}


def long_attributes(trial: FrozenTrial) -> dict[str, Any]:
    """Return the system attributes of a trial's records, for a trial that goes on from them."""
    return {key: value for key, value in trial.system_attrs.items() if key.startswith((REPORTS, LONG_VALUES))}


def parse_objectives(label: str, returned: Any, count: int) -> list[float]:
    """Return the job's return value as `count` numbers.

    Raises ValueError where it isn't that many; infinite ones are, as Optuna has them.
    """
    parts = [returned] if count == 1 else returned
    try:
        values = [float(part) for part in parts]
    except (TypeError, ValueError):
        numbers = "a number" if count == 1 else f"{count} numbers"
        raise ValueError(f"{label}: the job returned {returned!r}, which is not {numbers}") from None
    if len(values) != count:
        raise ValueError(f"{label}: the job returned {len(values)} numbers, not {count}: {returned!r}")
    if any(math.isnan(value) for value in values):
        raise ValueError(f"{label}: the job returned {returned}, which is not a number")
    return values
