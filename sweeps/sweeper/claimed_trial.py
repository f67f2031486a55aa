"""A claimed trial until all of its replicates have run."""

from math import isnan
from typing import Any

import optuna
from omegaconf import DictConfig
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from sweeps.study.census import DIVERGED
from sweeps.study.claims import Claims, Ending
from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.record import (
    AGGREGATES,
    ReplicateTrial,
    has_diverged,
    parse_objectives,
    read_objectives,
    read_records,
)
from sweeps.study.reports import ReportQueue, Reports
from sweeps.study.retries import FAILURE, OUTPUT, UNSCORED
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.jobs import Jobs, ReplicateJob
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.sampling import choose_overrides


class ClaimedTrial:
    """The jobs that a trial still needs, what its replicates returned, and how it ends."""

    def __init__(
        self, plan: Plan, queue: ReportQueue, trial: optuna.Trial, width: int, is_resumed: bool
    ) -> None:
        self.plan = plan
        # How many jobs like its own run together.
        self.width = width
        self._is_resumed = is_resumed
        self._study = trial.study
        self._trial = trial
        self._overrides: list[str] = []
        # The objectives of the replicates that have ended, by label.
        records = read_records(trial.user_attrs, list(plan.replicates))
        self._objectives = {label: read_objectives(record) for label, record in records.items()}
        self._reports = Reports(queue, trial, list(plan.replicates))
        # What ends the trial before all its replicates have run, and the file of what that one printed.
        self._end: Exception | None = None
        self._output = ""
        self._is_told = False

    def choose_setting(self, settings: StudySweeperConf, config: DictConfig) -> None:
        """Read the trial's setting, and sample what it lacks."""
        try:
            self._overrides = choose_overrides(settings, self.plan, self._trial, config)
        except optuna.TrialPruned as pruned:
            self._end = pruned

    def remaining_jobs(self, jobs: Jobs) -> list[ReplicateJob]:
        """Return the jobs of the replicates that are still to be run."""
        if self.has_ended:
            return []
        setting = [*self.plan.fixed, *self._overrides]
        if not self._is_resumed:
            jobs.rename_old_folder(self.plan, self._trial.number, setting)
        remaining = []
        for label, values in self.plan.replicates.items():
            if label in self._objectives:
                continue
            overrides = [*setting, *values]
            folder = jobs.folder_of(self.plan, self._trial.number, label, overrides)
            trial = ReplicateTrial(self._reports, label)
            trial.set_user_attr("folder", str(folder))
            remaining.append(ReplicateJob(folder, overrides, trial))
        return remaining

    @property
    def has_ended(self) -> bool:
        """Return whether none of its replicates is to be run any more."""
        return self._end is not None or len(self._objectives) == len(self.plan.replicates)

    def record(self, job: ReplicateJob, outcome: Any) -> None:
        """Record what a replicate's job returned, or the exception that ended it."""
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            objectives = self._parse(job, outcome)
            if objectives:
                job.trial.finish(objectives)
                self._objectives[job.trial.label] = objectives
        except optuna.TrialPruned as pruned:
            self._end = self._end or optuna.TrialPruned(job.trial.describe_end(str(pruned)))
        except (Exception, SystemExit) as error:
            if storage_failure(error) or is_connection_lost(error):  # the setting is not to blame
                raise
            self._output = str(job.folder / "output.log")
            self._end = error if isinstance(error, UpdateFinishedTrialError) else JobFailure(error)

    def _parse(self, job: ReplicateJob, returned: Any) -> list[float]:
        """Return a job's objectives; none where it returned something else, which ends the trial."""
        try:
            return parse_objectives(job.trial.label, returned, len(self._study.directions))
        except ValueError as error:
            self._end = NoObjective(str(error))
            return []

    def give_back(self, claims: Claims) -> None:
        """Let the trial wait to be resumed, unless it has ended."""
        if not self._is_told:
            claims.give_back(self._study, self._trial)

    @property
    def is_to_tell(self) -> bool:
        """Return whether it has ended and its study doesn't know yet."""
        return self.has_ended and not self._is_told

    def ending(self, settings: StudySweeperConf) -> Ending | None:
        """Return how it ends; None where another worker took it from this one, and has ended it."""
        reason = str(self._end)
        match self._end:
            case optuna.TrialPruned():
                return Ending(self._trial, state=TrialState.PRUNED, attributes={"pruned": reason})
            case UpdateFinishedTrialError():
                return None
            case JobFailure():
                return self._failure(settings.retries, {FAILURE: reason, OUTPUT: self._output})
            case NoObjective():
                return self._failure(settings.retries, {FAILURE: reason, UNSCORED: True})
            case _:
                return self._ending_with_values(settings)

    def mark_told(self) -> None:
        """Note that its study knows how it ended."""
        self._is_told = True

    def _failure(self, retries: int, attributes: dict[str, Any]) -> Ending:
        return Ending(self._trial, state=TrialState.FAIL, retries=retries, attributes=attributes)

    def _ending_with_values(self, settings: StudySweeperConf) -> Ending:
        aggregate = AGGREGATES[settings.aggregate]
        labels = list(self.plan.replicates)
        # one row a replicate, one column an objective
        table = [self._objectives[label] for label in labels]
        values = [float(aggregate(column)) for column in zip(*table, strict=True)]
        records = read_records(self._trial.user_attrs, labels).values()
        diverged = sum(map(has_diverged, records))
        if any(map(isnan, values)):  # of an infinite value and its opposite
            reason = f"{settings.aggregate} of {table} is not a number"
            return self._failure(settings.retries, {FAILURE: reason, UNSCORED: True})
        return Ending(self._trial, values, attributes={DIVERGED: diverged})


class JobFailure(Exception):  # noqa: N818 -- what became of a job, not an error of ours
    """The end of a trial whose job raised."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")


class NoObjective(Exception):  # noqa: N818 -- what became of a job, not an error of ours
    """The end of a trial whose job returned no objective."""
