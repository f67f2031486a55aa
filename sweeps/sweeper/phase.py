"""A phase of a sweep: tuning, or confirming."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from omegaconf import OmegaConf

from sweeps.study.claims import Claims
from sweeps.study.outage import StorageError, storage_failure
from sweeps.sweeper.compose import override_hydra_key, set_hydra_key
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.progress import show_progress
from sweeps.sweeper.worker import Worker

# A launcher that comes back this often without a trial having ended is not started again.
FRUITLESS_STARTS = 3


@dataclass(frozen=True)
class Phase:
    """The studies that workers run at once, and the worker that a launcher starts."""

    worker: Worker
    # one for each plan of the worker
    studies: Sequence[optuna.Study]

    @property
    def pairs(self) -> list[tuple[Plan, optuna.Study]]:
        """Return each plan with its study."""
        return list(zip(self.worker.plans, self.studies, strict=True))

    def run(self, claims: Claims) -> None:
        """Start workers until no trial is left, and show their progress."""
        if not self.studies:
            return
        n_jobs = self.worker.settings.n_jobs or os.cpu_count() or 1
        fruitless = 0
        with show_progress(self.studies, {plan.name: plan.n_trials for plan in self.worker.plans}):
            # Progress is read from the storage; launchers may return before their workers finish.
            while count := self._count_claimable(claims):
                launcher, jobs = _prepare_launch(self.worker, min(count, n_jobs))
                try:
                    for returned in launcher.launch(jobs, initial_job_idx=0):
                        # Raises what the worker raised.
                        if returned.return_value:
                            raise StorageError(returned.return_value)
                except Exception as error:
                    if storage_failure(error) or fruitless + 1 == FRUITLESS_STARTS:
                        raise
                fruitless = fruitless + 1 if self._count_claimable(claims) == count else 0
                if fruitless == FRUITLESS_STARTS:
                    raise RuntimeError(
                        f"workers ended {fruitless} times without finishing one of {count} trials"
                    )

    def _count_claimable(self, claims: Claims) -> int:
        """Return how many trials workers can still claim, those of dead workers included."""
        count = 0
        for plan, study in self.pairs:
            claims.free(study)
            if not self.worker.gives_up(plan, claims.count_failures(study)):
                count += claims.count_claimable(study, plan.n_trials)
        return count


def _prepare_launch(worker: Worker, count: int) -> tuple[Launcher, list[list[str]]]:
    """Return Hydra's launcher for `count` workers, and the overrides of each."""
    config = worker.jobs.composer.config
    if "n_jobs" in config.hydra.launcher:  # joblib's own number of processes
        config = override_hydra_key(config, "hydra.launcher.n_jobs", count)
    if OmegaConf.select(config, "hydra.hydra_logging.root") is not None:  # the progress display says it
        config = set_hydra_key(config, "hydra.hydra_logging.root.level", "WARNING")
    # Else Ray, below `uv run`, starts workers in a copy of the working folder: relative paths lead elsewhere.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    launcher = Plugins.instance().instantiate_launcher(worker.jobs.composer.hydra_context, worker, config)
    # A worker is a job too: what is fixed may be what configures the sweeper, which no job may change.
    quiet = [*worker.plans[0].fixed, "hydra.output_subdir=null", "hydra/job_logging=none"]
    return launcher, [[*quiet, f"hydra.sweep.subdir=workers/{number}"] for number in range(count)]
