"""The loop that a worker process runs."""

import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sweeps.study.claims import Claims
from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.storage import open_study, storage_at
from sweeps.sweeper.claimed_trial import Attempt
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.exit_messages import one_interrupt
from sweeps.sweeper.jobs import Jobs, output_to
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.sampling import is_drawn_at_once, pruner_of, sampler_of
from sweeps.sweeper.stack_width import stack_width


@dataclass(frozen=True)
class Worker:
    """Claims trials until no study has any left. A launcher starts it as if it were the task function."""

    plans: Sequence[Plan]
    storage: str
    settings: StudySweeperConf
    jobs: Jobs
    driver: str

    def __call__(self, config: DictConfig) -> str | None:  # noqa: ARG002 -- a task function's signature
        """Work to the end; return why nothing can be kept any more where that is the end."""
        number = int(HydraConfig.get().job.num)
        share_out(self.settings.cuda_devices, number)
        try:
            with one_interrupt(), output_to(Path(HydraConfig.get().runtime.output_dir) / "output.log"):
                gc.freeze()  # what is imported by now is not searched for garbage while configs are copied
                orphaned = self._work(number)
        except Exception as error:
            why = storage_failure(error)
            if not (why or is_connection_lost(error)):
                raise
            return why  # where a connection broke, the driver waits for the server and starts another worker
        finally:
            gc.unfreeze()  # libraries look for leaks when the process ends
        if orphaned:  # nobody takes the result: a pool's process would wait for its dead parent
            os._exit(1)
        return None

    def _work(self, number: int) -> bool:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = storage_at(self.storage)
        optuna_storage = storage.open()
        with Claims(storage.locks(), self.driver).hold_lock() as claims:
            for plan in self.plans:
                study = open_study(optuna_storage, plan.name)
                study.sampler = sampler_of(self.settings, plan, len(study.get_trials(deepcopy=False)), number)
                study.pruner = pruner_of(plan)
                width = stack_width(self.settings, plan, self.jobs.composer)
                while not self.gives_up(plan, claims.count_failures(study)):
                    if not self._run(claims, plan, study, width):
                        break
            orphaned: bool = claims.is_orphan()
            return orphaned

    def gives_up(self, plan: Plan, failed: int) -> bool:
        """Whether more of a study's trials failed for good than the share of all that may."""
        return bool(failed > self.settings.max_failure_rate * plan.n_trials)

    def _run(self, claims: Claims, plan: Plan, study: optuna.Study, width: int) -> bool:
        """See as many trials to their end as run together, if any is left.

        Gives those back that have not ended if this process is to end first.
        """
        attempts: list[Attempt] = []
        try:
            for _ in range(self._trials_at_once(claims, plan, study, width)):
                at_once = plan.space if is_drawn_at_once(study.sampler) else {}
                if (trial := claims.claim(study, at_once, plan.n_trials)) is None:
                    break
                if not claims.is_resumed(trial):
                    self.jobs.put_aside(plan, trial.number)
                attempts.append(Attempt(plan, study, trial))
                attempts[-1].draw(self.settings, self.jobs.composer.config)
            self._finish(claims, attempts, width)
        except BaseException as error:
            # Where the storage failed, giving back would fail too; others free a dead worker's trials.
            if storage_failure(error) is None:
                for attempt in attempts:
                    attempt.give_back(claims)
            raise
        return bool(attempts)

    def _finish(self, claims: Claims, attempts: Sequence[Attempt], width: int) -> None:
        """Run what the attempts still need, `width` jobs at once, and tell how they end."""
        asked = [(attempt, one) for attempt in attempts for one in attempt.asked(self.jobs)]
        for start in range(0, len(asked), width):
            chosen = [pair for pair in asked[start : start + width] if not pair[0].has_ended]
            for attempt in attempts:
                attempt.start([one.label for owner, one in chosen if owner is attempt])
            outcomes = self.jobs.run([one for _, one in chosen])
            for (attempt, one), outcome in zip(chosen, outcomes, strict=True):
                attempt.take(one, outcome)
            for attempt in attempts:
                attempt.tell(claims, self.settings)
        for attempt in attempts:
            attempt.tell(claims, self.settings)

    def _trials_at_once(self, claims: Claims, plan: Plan, study: optuna.Study, width: int) -> int:
        """How many trials to claim: what one stack holds, but no more than this worker's share of those left.

        A sampler that learns from what it sees gets to see something ten times.
        """
        workers = self.settings.n_jobs or os.cpu_count() or 1
        share = -(-claims.count_claimable(study, plan.n_trials) // workers)
        learning = share if is_drawn_at_once(study.sampler) or plan.is_enqueued else plan.n_trials // 10
        return max(1, min(width // len(plan.replicates), share, learning))


def share_out(devices: Any, worker: int) -> None:
    """Let this process see its share of the host's GPUs, one, before anything in it loads CUDA."""
    named = str(devices).split(",") if isinstance(devices, str | int) else [str(gpu) for gpu in devices or ()]
    gpus = host_gpus() if devices == "auto" else named
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[worker % len(gpus)]


def host_gpus() -> list[str]:
    """The GPUs that processes of this host may use, by what CUDA_VISIBLE_DEVICES calls them."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [name for name in allowed.split(",") if name]
    driver = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(driver.iterdir())))] if driver.exists() else []
