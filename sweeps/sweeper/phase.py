"""Studies that are run at once, by workers that are started until no trial is left."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from sweeps.study.claims import Claims, count_claimable
from sweeps.study.outage import StorageError, storage_failure
from sweeps.sweeper.compose import override_hydra_key, set_hydra_key
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.progress import progress_shown
from sweeps.sweeper.worker import Worker

# A launcher that comes back this often without a trial having ended is not started again.
FRUITLESS_STARTS = 3


@dataclass(frozen=True)
class Round:
    """Studies that are run at once, and what runs them."""

    worker: Worker
    studies: Sequence[optuna.Study]

    @property
    def pairs(self) -> list[tuple[Plan, optuna.Study]]:
        """Each plan with its study."""
        return list(zip(self.worker.plans, self.studies, strict=True))

    def run(self, claims: Claims) -> None:
        """Start workers until no trial is left, and show how far they are."""
        if not self.studies:
            return
        with progress_shown(self.studies, {plan.name: plan.n_trials for plan in self.worker.plans}):
            _work(self, claims)


def _work(current: Round, claims: Claims) -> None:
    """Start workers until no trial is left; the storage tells, not what the launcher returns."""
    fruitless = 0
    while left := _left(current, claims):
        try:
            _launch(current.worker, min(left, current.worker.settings.n_jobs or os.cpu_count() or 1))
        except Exception as error:
            if storage_failure(error) or fruitless + 1 == FRUITLESS_STARTS:
                raise
        fruitless = fruitless + 1 if _left(current, claims) == left else 0
        if fruitless == FRUITLESS_STARTS:
            raise RuntimeError(f"workers ended {fruitless} times without finishing one of {left} trials")


def _left(current: Round, claims: Claims) -> int:
    for study in current.studies:
        claims.free(study)
    return sum(
        count_claimable(study, plan.n_trials)
        for plan, study in current.pairs
        if not current.worker.gives_up(plan, claims.count_failures(study))
    )


def _launch(worker: Worker, count: int) -> None:
    """Start `count` workers through Hydra's launcher and wait for them."""
    config = worker.jobs.composer.config
    if "n_jobs" in config.hydra.launcher:  # joblib's own number of processes
        config = override_hydra_key(config, "hydra.launcher.n_jobs", count)
    if OmegaConf.select(config, "hydra.hydra_logging.root") is not None:  # the progress display tells instead
        config = set_hydra_key(config, "hydra.hydra_logging.root.level", "WARNING")
    # Else Ray, below `uv run`, starts workers in a copy of the working folder: relative paths lead elsewhere.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    launcher = Plugins.instance().instantiate_launcher(worker.jobs.composer.hydra_context, worker, config)
    # A worker is a job too: what is fixed may be what configures the sweeper, which no job may change.
    quiet = [*worker.plans[0].fixed, "hydra.output_subdir=null", "hydra/job_logging=none"]
    jobs = [[*quiet, f"hydra.sweep.subdir=workers/{number}"] for number in range(count)]
    # Raises what a worker raised.
    for failure in [ended.return_value for ended in launcher.launch(jobs, initial_job_idx=0)]:
        if failure:
            raise StorageError(failure)
