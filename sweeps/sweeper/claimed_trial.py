"""A claimed trial until all of its replicates have run."""

from collections.abc import Sequence
from typing import Any

import optuna
from omegaconf import DictConfig
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from sweeps.study.claims import Claims
from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.record import (
    AGGREGATES,
    ReplicateTrial,
    parse_objectives,
    read_objectives,
    read_records,
)
from sweeps.study.reports import Reports
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.jobs import Asked, Jobs
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.sampling import setting_of


class Attempt:
    """What is still to be run of a trial, what its replicates gave, and how it ends."""

    def __init__(self, plan: Plan, study: optuna.Study, trial: optuna.Trial) -> None:
        self._plan = plan
        self._study = study
        self._trial = trial
        self._setting: list[str] = []
        kept = read_records(trial.user_attrs, list(plan.replicates))
        self._values = {label: read_objectives(record) for label, record in kept.items()}
        self._reports = Reports(study, trial, list(plan.replicates))
        self._ended: Exception | None = None
        self._is_told = False

    def draw(self, settings: StudySweeperConf, config: DictConfig) -> None:
        """Take the trial's setting, drawn where it has none yet."""
        try:
            self._setting = setting_of(settings, self._plan, self._trial, config)
        except optuna.TrialPruned as pruned:
            self._ended = pruned

    def asked(self, jobs: Jobs) -> list[Asked]:
        """The replicates that are still to be run."""
        return [self._asked(jobs, label) for label in self._plan.replicates if label not in self._values]

    def _asked(self, jobs: Jobs, label: str) -> Asked:
        replicate = ReplicateTrial(self._reports, label)
        replicate.set_user_attr("folder", str(jobs.folder_of(self._plan, self._trial.number, label)))
        overrides = [*self._plan.fixed, *self._setting, *self._plan.replicates[label]]
        return Asked(self._plan, self._trial.number, label, overrides, replicate)

    @property
    def has_ended(self) -> bool:
        """Whether no more of it is to be run."""
        return self._ended is not None or len(self._values) == len(self._plan.replicates)

    def start(self, labels: Sequence[str]) -> None:
        """Note which replicates run at the same time: what they report at a step is told once all have."""
        self._reports.concurrent_labels = set(labels)

    def take(self, one: Asked, outcome: Any) -> None:
        """Keep what a replicate's job returned, or what ended it."""
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            values = parse_objectives(one.label, outcome, len(self._study.directions))
            one.replicate.finish(values)
            self._values[one.label] = values
        except optuna.TrialPruned as pruned:
            self._ended = self._ended or optuna.TrialPruned(one.replicate.describe_end(str(pruned)))
        except (Exception, SystemExit) as error:
            if storage_failure(error) or is_connection_lost(error):  # the setting is not to blame
                raise
            self._ended = error if isinstance(error, UpdateFinishedTrialError) else Failed(error)

    def give_back(self, claims: Claims) -> None:
        """Let the trial wait to be resumed, unless it has ended."""
        if not self._is_told:
            claims.give_back(self._study, self._trial)

    def tell(self, claims: Claims, settings: StudySweeperConf) -> None:
        """End the trial in its study, once, when it has ended."""
        if self._is_told or not self.has_ended:
            return
        self._tell(claims, settings)
        self._is_told = True

    def _tell(self, claims: Claims, settings: StudySweeperConf) -> None:
        match self._ended:
            case optuna.TrialPruned():
                claims.tell(self._study, self._trial, state=TrialState.PRUNED, pruned=str(self._ended))
            case UpdateFinishedTrialError():
                pass  # another worker took the trial, as this one seemed dead, and has ended it
            case Failed():
                retries, failure = settings.retries, str(self._ended)
                claims.tell(self._study, self._trial, state=TrialState.FAIL, retries=retries, failure=failure)
            case _:
                combine = AGGREGATES[settings.aggregate]
                values = [self._values[label] for label in self._plan.replicates]
                told = [float(combine(objective)) for objective in zip(*values, strict=True)]
                kept = read_records(self._trial.user_attrs, list(self._plan.replicates))
                diverged = sum(bool(record.get("diverged")) for record in kept.values())
                claims.tell(self._study, self._trial, told, diverged=diverged)


class Failed(Exception):  # noqa: N818 -- what became of a job, not an error of ours
    """A job raised, or returned no objective."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
