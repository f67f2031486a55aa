"""The loop that a worker process runs."""

import gc
import multiprocessing
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import optuna
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

from sweeps.report.measure.from_storage import load_study
from sweeps.study.claims import Claims
from sweeps.study.optuna_internals import batch
from sweeps.study.outage import is_connection_lost, retry_once, storage_failure
from sweeps.study.reports import ReportQueue
from sweeps.study.storage import storage_at
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.claimed_trial import ClaimedTrial
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.exit_messages import interrupt_once
from sweeps.sweeper.gpus import select_gpus
from sweeps.sweeper.host import Host
from sweeps.sweeper.job_output import output_to
from sweeps.sweeper.jobs import Jobs, ReplicateJob
from sweeps.sweeper.lanes import Lanes
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.stacking import ROUNDING, count_workers
from sweeps.sweeper.thinning import Thinning
from sweeps.sweeper.time_limit import TimeUp, end_at

# Seconds between two looks for trials of a worker that has none.
PAUSE = 0.1

# A trial and a job that it needs.
TrialJob = tuple[ClaimedTrial, ReplicateJob]
# A trial that has ended, and as its study has it; None where another worker ended it.
TrialEnd = tuple[ClaimedTrial, FrozenTrial | None]


@dataclass(frozen=True)
class Worker:
    """Claims trials until no study has any left. A launcher starts it as if it were the task function."""

    plans: Sequence[Plan]
    # the storage's URL, without a password
    storage: str
    settings: StudySweeperConf
    jobs: Jobs
    # the name of the driver's lock
    driver: str
    # the time, as `time.time` tells it, after which no trial goes on
    deadline: float = inf
    # whether it ends after what it claims first
    is_for_one_claim: bool = False

    def __call__(self, config: DictConfig) -> str | None:  # noqa: ARG002 -- a task function's signature
        """Work to the end; return why nothing can be kept any more where that is the end."""
        number = int(HydraConfig.get().job.num)
        if multiprocessing.get_start_method(allow_none=True) == "loky":
            multiprocessing.set_start_method(None, force=True)  # a DataLoader can't use joblib's way
        select_gpus(self.settings.cuda_devices, number, count_workers(self.settings))
        try:
            with interrupt_once(), output_to(Path(HydraConfig.get().runtime.output_dir) / "output.log"):
                gc.freeze()  # what is imported by now is not searched for garbage while configs are copied
                optuna.logging.set_verbosity(optuna.logging.WARNING)
                storage = storage_at(self.storage)
                optuna_storage = storage.open()
                most_deaths = self.settings.most_deaths
                with (
                    suppress(TimeUp),
                    Claims(storage.locks(), self.driver, most_deaths).hold_lock() as claims,
                ):
                    agenda = self._open_agenda(optuna_storage, claims)
                    with suppress(TimeUp):
                        self._run_trials(
                            claims,
                            Lanes(agenda, self.settings, self.jobs),
                            ReportQueue(optuna_storage),
                        )
                    is_orphan = claims.is_orphan()
        except Exception as error:
            failure = storage_failure(error)
            if failure or is_connection_lost(error):
                return failure  # None where a connection broke: the driver waits, and starts another worker
            raise
        finally:
            gc.unfreeze()  # libraries look for leaks when the process ends
        if is_orphan:
            # The driver is dead. Exit hard: joblib would block on the dead parent's pipe.
            os._exit(1)
        return None

    def _open_agenda(self, storage: BaseStorage, claims: Claims) -> Agenda:
        studies = [load_study(storage, plan.name) for plan in self.plans]
        pairs = zip(self.plans, studies, strict=True)
        return Agenda(pairs, self.settings, self.jobs.composer, Host(), claims)

    def _run_trials(self, claims: Claims, lanes: Lanes, queue: ReportQueue) -> None:
        """Run trials until none is left; give back those that have not ended if this process ends first."""
        trials: list[ClaimedTrial] = []
        try:
            while self._claim(trials, claims, lanes, queue):
                self._run_stacks(trials, claims, queue, lanes.thinning)
                trials.clear()
                if self.is_for_one_claim:
                    break
        except BaseException as error:
            # Where the storage fails, giving back would wait and fail too.
            if storage_failure(error) is None:
                for trial in trials:
                    trial.give_back(claims)
            raise

    def _claim(
        self, trials: list[ClaimedTrial], claims: Claims, lanes: Lanes, queue: ReportQueue
    ) -> list[ClaimedTrial]:
        """Claim as many trials as run together; wait while none can be, but others may lead to more.

        They are added to `trials` at once, as they may be to give back.
        """
        while not (claimed := self._claim_share(claims, lanes, queue)):
            if time.time() >= self.deadline:
                return []
            if claims.is_orphan() or not (lanes.agenda.count_running() and lanes.agenda.count_following()):
                return []
            time.sleep(PAUSE)
        trials += claimed
        with batch(lanes.agenda.storage):
            for trial in trials:
                trial.choose_setting(self.settings, self.jobs.composer.config)
        return trials

    @retry_once
    def _claim_share(self, claims: Claims, lanes: Lanes, queue: ReportQueue) -> list[ClaimedTrial]:
        """Enqueue what follows from the trials that have ended, and take this worker's share."""
        if time.time() >= self.deadline:
            return []
        with claims.exclusive():
            if claims.is_orphan():
                return []
            lanes.agenda.advance()
            if not (active := lanes.active()):
                return []
            with batch(lanes.agenda.storage):  # what the trials hold is read with the claim
                trials = claims.claim_share([lane.source for lane in active], partial(lanes.share, active))
                return [_open_trial(trial, claims, lanes, queue) for trial in trials]

    def _run_stacks(
        self, trials: Sequence[ClaimedTrial], claims: Claims, queue: ReportQueue, thinning: Thinning
    ) -> None:
        """Run the jobs that the trials still need, as many at once as may be, and tell how they end."""
        pairs = [(trial, job) for trial in trials for job in trial.remaining_jobs(self.jobs)]
        for stack in _split(pairs):
            running = [(trial, job) for trial, job in stack if not trial.has_ended]
            queue.start(job.trial.identity for _, job in running)
            with end_at(self.deadline):
                outcomes = self.jobs.run_all([job for _, job in running])
            self._close(self._record(running, outcomes, trials, claims, queue), thinning)
        # One that has ended without a job: pruned by its search space.
        self._close(self._tell(trials, claims), thinning)

    @retry_once
    def _record(
        self,
        pairs: Sequence[TrialJob],
        outcomes: Sequence[Any],
        trials: Sequence[ClaimedTrial],
        claims: Claims,
        queue: ReportQueue,
    ) -> list[TrialEnd]:
        """Record what the jobs returned, and tell how the trials that they end did.

        In one transaction, unless another worker has ended one's trial.
        """
        try:
            with claims.exclusive(), queue.transaction():
                for (trial, job), outcome in zip(pairs, outcomes, strict=True):
                    trial.record(job, outcome)
                return self._tell(trials, claims)
        except UpdateFinishedTrialError:
            for (trial, job), outcome in zip(pairs, outcomes, strict=True):
                trial.record(job, outcome)
            return self._tell(trials, claims)

    def _tell(self, trials: Sequence[ClaimedTrial], claims: Claims) -> list[TrialEnd]:
        """Tell how those of the trials that have ended did; return them."""
        ended = [trial for trial in trials if trial.is_to_tell]
        endings = [trial.ending(self.settings) for trial in ended]
        frozen = iter(claims.tell_all([ending for ending in endings if ending is not None]))
        return [
            (trial, None if ending is None else next(frozen))
            for trial, ending in zip(ended, endings, strict=True)
        ]

    def _close(self, ends: Sequence[TrialEnd], thinning: Thinning) -> None:
        """Note which trials were told, and delete the files that nobody needs now that it is written."""
        for trial, frozen in ends:
            trial.mark_told()
            if frozen is not None:
                thinning.thin(trial.plan, frozen)


def _open_trial(trial: optuna.Trial, claims: Claims, lanes: Lanes, queue: ReportQueue) -> ClaimedTrial:
    lane = lanes.by_study[trial.study.study_name]
    return ClaimedTrial(lane.plan, queue, trial, lane.width, claims.is_resumed(trial))


def _split(pairs: Sequence[TrialJob]) -> list[list[TrialJob]]:
    """Return the jobs in stacks, each with as many as its widths allow."""
    stacks: list[list[TrialJob]] = []
    load = 0.0
    for trial, job in pairs:
        if not stacks or load + 1 / trial.width > 1 + ROUNDING:
            stacks.append([])
            load = 0
        stacks[-1].append((trial, job))
        load += 1 / trial.width
    return stacks
