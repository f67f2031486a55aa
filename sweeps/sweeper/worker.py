"""The loop that a worker process runs."""

import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage

from sweeps.study.claims import Backlog, Claims, Source
from sweeps.study.optuna_internals import batch
from sweeps.study.outage import is_connection_lost, retry_once, storage_failure
from sweeps.study.reports import ReportQueue
from sweeps.study.storage import storage_at
from sweeps.sweeper.claimed_trial import ClaimedTrial
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.exit_messages import interrupt_once
from sweeps.sweeper.gpus import select_gpu
from sweeps.sweeper.job_output import output_to
from sweeps.sweeper.jobs import Jobs, ReplicateJob
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.sampling import build_pruner, build_sampler, is_sampled_at_once
from sweeps.sweeper.stacking import ROUNDING, count_trials, count_workers, join, share_evenly, stack_width

# A trial and a job that it needs.
TrialJob = tuple[ClaimedTrial, ReplicateJob]


@dataclass(frozen=True)
class Lane:
    """A study of which a worker runs trials."""

    plan: Plan
    study: optuna.Study
    # how many of its jobs run together
    width: int

    @property
    def most(self) -> int:
        """Return how many of its trials run together."""
        return count_trials(self.width, len(self.plan.replicates))

    @property
    def source(self) -> Source:
        """Return what its trials are claimed from."""
        space = self.plan.stored_space if is_sampled_at_once(self.study.sampler) else {}
        return Source(self.study, space, self.plan.n_trials)


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

    def __call__(self, config: DictConfig) -> str | None:  # noqa: ARG002 -- a task function's signature
        """Work to the end; return why nothing can be kept any more where that is the end."""
        number = int(HydraConfig.get().job.num)
        select_gpu(self.settings.cuda_devices, number)
        try:
            with interrupt_once(), output_to(Path(HydraConfig.get().runtime.output_dir) / "output.log"):
                gc.freeze()  # what is imported by now is not searched for garbage while configs are copied
                optuna.logging.set_verbosity(optuna.logging.WARNING)
                storage = storage_at(self.storage)
                optuna_storage = storage.open()
                with Claims(storage.locks(), self.driver).hold_lock() as claims:
                    queue = ReportQueue(optuna_storage)
                    for lanes in self._join(self._open(optuna_storage, number), claims):
                        self._run_trials(claims, lanes, queue)
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

    def gives_up(self, claims: Claims, plan: Plan, study: optuna.Study) -> bool:
        """Return whether more of a study's trials failed for good than may."""
        n_trials = max(plan.n_trials, claims.count_settings(study))  # widening added to the plan's
        return claims.count_failures(study) > self.settings.max_failure_rate * n_trials

    def _open(self, storage: BaseStorage, number: int) -> list[Lane]:
        """Return the studies as this worker samples, prunes and stacks them."""
        lanes = []
        for plan in self.plans:
            study = optuna.load_study(study_name=plan.name, storage=storage)
            study.sampler = build_sampler(self.settings, plan, len(study.get_trials(deepcopy=False)), number)
            study.pruner = build_pruner(plan)
            lanes.append(Lane(plan, study, stack_width(self.settings, plan, self.jobs.composer)))
        return lanes

    def _join(self, lanes: Sequence[Lane], claims: Claims) -> list[list[Lane]]:
        """Return groups of studies whose trials are claimed together."""
        unfinished = []
        for lane in lanes:
            claimable = claims.count_claimable(lane.study, lane.plan.n_trials)
            unfinished.append(claimable + claims.count_running(lane.study))
        groups = join(unfinished, [lane.most for lane in lanes], count_workers(self.settings))
        return [[lanes[index] for index in group] for group in groups]

    def _run_trials(self, claims: Claims, lanes: Sequence[Lane], queue: ReportQueue) -> None:
        """Run trials until none is left; give back those that have not ended if this process ends first."""
        trials: list[ClaimedTrial] = []
        try:
            while active := [lane for lane in lanes if not self.gives_up(claims, lane.plan, lane.study)]:
                trials.clear()
                self._claim(trials, claims, active, queue)
                if not trials:
                    break
                self._run_stacks(trials, claims, queue)
        except BaseException as error:
            # Where the storage fails, giving back would wait and fail too.
            if storage_failure(error) is None:
                for trial in trials:
                    trial.give_back(claims)
            raise

    def _claim(
        self, trials: list[ClaimedTrial], claims: Claims, lanes: Sequence[Lane], queue: ReportQueue
    ) -> None:
        """Claim as many trials as run together, and add them to `trials`: they may be to give back."""
        by_study = {lane.plan.name: lane for lane in lanes}
        claimed = claims.claim_share([lane.source for lane in lanes], partial(self._share, lanes))
        with batch(lanes[0].study):
            for trial in claimed:
                lane = by_study[trial.study.study_name]
                trials.append(ClaimedTrial(lane.plan, queue, trial, lane.width))
                if not claims.is_resumed(trial):
                    self.jobs.rename_old_folder(lane.plan, trial.number)
            for claimed_trial in trials:
                claimed_trial.choose_setting(self.settings, self.jobs.composer.config)

    def _share(self, lanes: Sequence[Lane], backlogs: Sequence[Backlog]) -> list[int]:
        """Return how many trials of each study to claim: those that run together.

        A sampler that learns gets at least ten looks at the scores: it claims a tenth of the trials at most.
        """
        shares = share_evenly(backlogs, [lane.most for lane in lanes], count_workers(self.settings))
        for index, lane in enumerate(lanes):
            if not (is_sampled_at_once(lane.study.sampler) or lane.plan.is_enqueued):
                shares[index] = min(shares[index], max(1, lane.plan.n_trials // 10))
        return shares

    def _run_stacks(self, trials: Sequence[ClaimedTrial], claims: Claims, queue: ReportQueue) -> None:
        """Run the jobs that the trials still need, as many at once as may be, and tell how they end."""
        pairs = [(trial, job) for trial in trials for job in trial.remaining_jobs()]
        for stack in _split(pairs):
            running = [(trial, job) for trial, job in stack if not trial.has_ended]
            queue.start(job.trial.identity for _, job in running)
            outcomes = self.jobs.run_all([job for _, job in running])
            self._record(running, outcomes, queue)
            self._tell(trials, claims)
        # One that has ended without a job: pruned by its search space.
        self._tell(trials, claims)

    @retry_once
    def _record(self, pairs: Sequence[TrialJob], outcomes: Sequence[Any], queue: ReportQueue) -> None:
        """Record what the jobs returned; in one transaction, unless another worker has ended one's trial."""
        try:
            with queue.transaction():
                for (trial, job), outcome in zip(pairs, outcomes, strict=True):
                    trial.record(job, outcome)
        except UpdateFinishedTrialError:
            for (trial, job), outcome in zip(pairs, outcomes, strict=True):
                trial.record(job, outcome)

    def _tell(self, trials: Sequence[ClaimedTrial], claims: Claims) -> None:
        """Tell how those that have ended did; never before their records are written."""
        ended = [trial for trial in trials if trial.is_to_tell]
        endings = [trial.ending(self.settings) for trial in ended]
        claims.tell_all([ending for ending in endings if ending is not None])
        for trial in ended:
            trial.mark_told()


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
