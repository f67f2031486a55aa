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

from sweeps.study.claims import Claims
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
from sweeps.sweeper.stacking import stack_width, trials_together


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
                    for plan in self.plans:
                        study = optuna.load_study(study_name=plan.name, storage=optuna_storage)
                        self._run_study(claims, plan, study, number)
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

    def _run_study(self, claims: Claims, plan: Plan, study: optuna.Study, number: int) -> None:
        """Run trials until none is left; give back those that have not ended if this process ends first."""
        study.sampler = build_sampler(self.settings, plan, len(study.get_trials(deepcopy=False)), number)
        study.pruner = build_pruner(plan)
        queue = ReportQueue(study)
        width = stack_width(self.settings, plan, self.jobs.composer)
        trials: list[ClaimedTrial] = []
        try:
            while not self.gives_up(claims, plan, study):
                trials.clear()
                self._claim(trials, claims, plan, queue, width)
                if not trials:
                    break
                self._run_trials(trials, claims, queue, width)
        except BaseException as error:
            # Where the storage fails, giving back would wait and fail too.
            if storage_failure(error) is None:
                for trial in trials:
                    trial.give_back(claims)
            raise

    def _claim(
        self, trials: list[ClaimedTrial], claims: Claims, plan: Plan, queue: ReportQueue, width: int
    ) -> None:
        """Claim as many trials as run together, and add them to `trials`: they may be to give back."""
        study = queue.study
        space = plan.stored_space if is_sampled_at_once(study.sampler) else {}
        share = partial(self._count_to_claim, plan, study, width)
        claimed = claims.claim_share(study, space, plan.n_trials, share)
        with batch(study):
            trials += [ClaimedTrial(plan, queue, trial) for trial in claimed]
            for trial in claimed:
                if not claims.is_resumed(trial):
                    self.jobs.rename_old_folder(plan, trial.number)
            for claimed_trial in trials:
                claimed_trial.choose_setting(self.settings, self.jobs.composer.config)

    def _run_trials(
        self, trials: Sequence[ClaimedTrial], claims: Claims, queue: ReportQueue, width: int
    ) -> None:
        """Run the jobs that the trials still need, `width` at once, and tell how they end."""
        pairs = [(trial, job) for trial in trials for job in trial.remaining_jobs()]
        for start in range(0, len(pairs), width):
            running = [(trial, job) for trial, job in pairs[start : start + width] if not trial.has_ended]
            queue.start(job.trial.identity for _, job in running)
            outcomes = self.jobs.run_all([job for _, job in running])
            self._record(running, outcomes, queue)
            self._tell(trials, claims, queue.study)
        # One that has ended without a job: pruned by its search space.
        self._tell(trials, claims, queue.study)

    @retry_once
    def _record(
        self, pairs: Sequence[tuple[ClaimedTrial, ReplicateJob]], outcomes: Sequence[Any], queue: ReportQueue
    ) -> None:
        """Record what the jobs returned; in one transaction, unless another worker has ended one's trial."""
        try:
            with queue.transaction():
                for (trial, job), outcome in zip(pairs, outcomes, strict=True):
                    trial.record(job, outcome)
        except UpdateFinishedTrialError:
            for (trial, job), outcome in zip(pairs, outcomes, strict=True):
                trial.record(job, outcome)

    def _tell(self, trials: Sequence[ClaimedTrial], claims: Claims, study: optuna.Study) -> None:
        """Tell how those that have ended did; never before their records are written."""
        ended = [trial for trial in trials if trial.is_to_tell]
        endings = [trial.ending(self.settings) for trial in ended]
        claims.tell_all(study, [ending for ending in endings if ending is not None])
        for trial in ended:
            trial.mark_told()

    def _count_to_claim(self, plan: Plan, study: optuna.Study, width: int, unfinished: int) -> int:
        """Return how many trials to claim: those that run together.

        A sampler that learns gets at least ten looks at the scores: it claims a tenth of the trials at most.
        """
        workers = self.settings.n_jobs or os.cpu_count() or 1
        count = trials_together(width, len(plan.replicates), unfinished, workers)
        if is_sampled_at_once(study.sampler) or plan.is_enqueued:
            return count
        return max(1, min(count, plan.n_trials // 10))
