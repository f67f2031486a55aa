"""The reports of a trial's replicates while they run, and the pruning that follows from them."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from statistics import fmean

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.pruners import NopPruner
from optuna.storages import BaseStorage

from sweeps.numbers import format_digits
from sweeps.study.optuna_internals import batch, read_trial, set_intermediate_value, trial_id
from sweeps.study.outage import retry_once

# The prefix of the trial's system attributes that hold what each replicate reported, by its label.
REPORTS = "sweeps:reports:"

# Seconds at least between two writings of reports that no pruner looks at.
WRITING_INTERVAL = 1.0


class ReportQueue:
    """The means that one worker's trials have come to and not written yet, to be written together.

    A write for each run and epoch would cost more than a short epoch. What waits is written before a pruner
    judges, with the record of a replicate that ends, and else once a second.
    """

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage
        # By trial and step.
        self._means: dict[tuple[int, int], float] = {}
        self._trials: dict[int, optuna.Trial] = {}
        # The replicates that run at the same time, by trial: a pruner sees a step that all have reported.
        self.running: dict[int, set[str]] = {}
        # Those that have reported since the last writing, by trial and label.
        self._reporters: set[tuple[int, str]] = set()
        self._last_writing = time.monotonic()
        self._is_open = False

    def start(self, replicates: Iterable[tuple[optuna.Trial, str]]) -> None:
        """Note which replicates run at once from now on, each by its trial and label."""
        self.running = {}
        for trial, label in replicates:
            self.running.setdefault(trial_id(trial), set()).add(label)

    def add(self, trial: optuna.Trial, step: int, mean: float) -> None:
        """Let a trial's mean at a step be written, over an earlier one."""
        self._means[trial_id(trial), step] = mean
        self._trials[trial_id(trial)] = trial

    def note_report(self, trial: optuna.Trial, label: str) -> None:
        """Write what waits, if it is time to, once all that run together have reported."""
        reporter = trial_id(trial), label
        is_round_over = reporter in self._reporters
        self._reporters.add(reporter)
        is_round_over |= len(self._reporters) >= sum(len(labels) for labels in self.running.values())
        if self._means and is_round_over and time.monotonic() >= self._last_writing + WRITING_INTERVAL:
            self.write()

    @retry_once
    def write(self) -> None:
        """Write what waits; what belongs to a trial that another worker has ended is dropped."""
        try:
            with self.transaction():
                pass
        except UpdateFinishedTrialError:
            with self.transaction():  # without that trial
                pass

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write what waits and what the block writes in one transaction.

        Raises UpdateFinishedTrialError where another worker has ended one of the trials.
        """
        if self._is_open:
            yield
            return
        means = dict(self._means)
        self._is_open = True
        try:
            with batch(self._storage):
                for (key, step), mean in means.items():
                    trial = self._trials[key]
                    set_intermediate_value(trial.study, trial, step, mean)
                yield
        except UpdateFinishedTrialError:
            self._drop_ended()
            raise
        finally:
            self._is_open = False
        # By identity: a value that is no number is not equal to itself.
        self._means = {place: mean for place, mean in self._means.items() if means.get(place) is not mean}
        self._trials = {key: self._trials[key] for key, _ in self._means}
        self._reporters.clear()
        self._last_writing = time.monotonic()

    def _drop_ended(self) -> None:
        for key, trial in self._trials.items():
            if read_trial(trial.study, trial).state.is_finished():
                self._means = {place: mean for place, mean in self._means.items() if place[0] != key}


class Reports:
    """The reports of a trial's replicates, and the trial's mean of them.

    The intermediate value at a step is the mean over the replicates that have reached it. Where a pruner
    looks at it, it is written when all that run at the same time have; else when all have, which costs less.
    """

    def __init__(self, queue: ReportQueue, trial: optuna.Trial, labels: Sequence[str]) -> None:
        self.queue = queue
        self.study = study = trial.study
        self.trial = trial
        self.is_single = len(study.directions) == 1
        self.is_pruned = self.is_single and not isinstance(study.pruner, NopPruner)
        attributes = read_trial(study, trial).system_attrs
        # By label, then by step; steps are text, as JSON's keys are.
        self.values = {label: dict(attributes.get(f"{REPORTS}{label}", {})) for label in labels}
        # The pruner's answers by step and by how many replicates had reached it.
        self._answers: dict[tuple[int, int], bool] = {}

    def add(self, label: str, value: float, step: int) -> None:
        """Add a replicate's value; let the trial's mean be written if it is time to."""
        self.values[label][str(step)] = float(value)
        values = self._values_at(step)
        required = set(self.values)
        if self.is_pruned:
            required = self.queue.running.get(trial_id(self.trial), set())
        if self.is_single and required <= values.keys():
            # Over an earlier mean, as that changes with each replicate.
            self.queue.add(self.trial, step, fmean(values.values()))
        self.queue.note_report(self.trial, label)

    @retry_once
    def should_prune(self, step: int) -> bool:
        """Return whether the study's pruner would stop the trial at a step, by the values so far."""
        if not self.is_pruned:
            return False
        # The answer for a step changes only when another replicate reaches it.
        state = step, len(self._values_at(step))
        if state not in self._answers:
            self.queue.write()
            with batch(self.study):
                self._answers[state] = self._ask_pruner(step)
        return self._answers[state]

    def _ask_pruner(self, step: int) -> bool:
        trial = copy(read_trial(self.study, self.trial))
        # Pruners look at the last step, which for a later replicate is an earlier one's.
        values = trial.intermediate_values.items()
        trial.intermediate_values = {at: value for at, value in values if at <= step}
        return self.study.pruner.prune(self.study, trial)

    def describe_pruning(self, step: int) -> str:
        """Return the pruner that ended the trial at a step, and the value it judged."""
        values = self._values_at(step).values()
        if not values:
            return "pruned by the job"
        return f"{type(self.study.pruner).__name__} at {format_digits(fmean(values))}"

    def _values_at(self, step: int) -> dict[str, float]:
        return {label: values[str(step)] for label, values in self.values.items() if str(step) in values}
