"""A phase of a sweep: tuning, or confirming."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import optuna
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from omegaconf import OmegaConf

from sweeps.study.claims import Claims
from sweeps.study.outage import StorageError, storage_failure
from sweeps.sweeper.compose import override_hydra_key, set_hydra_key
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.progress import INTERVAL, show_progress
from sweeps.sweeper.stacking import count_workers
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

    def run(self, claims: Claims, enqueue_more: Callable[[], Iterable[str]] = list) -> None:
        """Start workers until no trial is left, and show their progress, which is read from the storage.

        enqueue_more: adds trials to the studies that are to get more, and returns a line to show for each.
        """
        if not self.studies:
            return
        with show_progress(
            self.studies, {plan.name: plan.n_trials for plan in self.worker.plans}
        ) as progress:
            show = partial(progress.console.print, markup=False, highlight=False)
            is_unfinished = True
            while is_unfinished:
                self._run_trials(claims, show)
                for line in enqueue_more():
                    show(line)
                # Not by the lines: another driver may have added the trials before this one could.
                is_unfinished = self._is_unfinished(claims)

    def _run_trials(self, claims: Claims, show: Callable[[str], None]) -> None:
        """Start workers until no trial is left, and wait for those that other drivers' workers run."""
        fruitless = 0
        while self._is_unfinished(claims):
            count = self._count_claimable(claims)
            if not count:
                self._wait_for_others(claims, show)
                continue
            try:
                self._launch(count)
            except Exception as error:
                if storage_failure(error) or fruitless + 1 == FRUITLESS_STARTS:
                    raise
            # Launchers may return before their workers finish.
            fruitless = fruitless + 1 if self._count_claimable(claims) == count else 0
            if fruitless == FRUITLESS_STARTS:
                raise RuntimeError(f"workers ended {fruitless} times without finishing one of {count} trials")

    def _launch(self, count: int) -> None:
        """Start workers for so many trials, through Hydra's launcher; raise what one raised."""
        count = min(count, count_workers(self.worker.settings))
        launcher, jobs = _prepare_launch(self.worker, count)
        for returned in launcher.launch(jobs, initial_job_idx=0):
            # Raises what the worker raised.
            if returned.return_value:
                raise StorageError(returned.return_value)

    def _wait_for_others(self, claims: Claims, show: Callable[[str], None]) -> None:
        """Wait while workers of another driver, dead or alive, run trials and leave none to claim."""
        count = self._count_running(claims)
        show(f"waiting for {count} {'trial' if count == 1 else 'trials'} of another process")
        while self._count_running(claims) and not self._count_claimable(claims):
            time.sleep(INTERVAL)

    def _is_unfinished(self, claims: Claims) -> bool:
        return bool(self._count_claimable(claims) or self._count_running(claims))

    def _count_claimable(self, claims: Claims) -> int:
        """Return how many trials workers can still claim, those of dead workers included."""
        active = self._active_pairs(claims)
        return sum(claims.count_claimable(study, plan.n_trials) for plan, study in active)

    def _count_running(self, claims: Claims) -> int:
        """Return how many trials live workers run."""
        return sum(claims.count_running(study) for _, study in self._active_pairs(claims))

    def _active_pairs(self, claims: Claims) -> list[tuple[Plan, optuna.Study]]:
        """Free dead workers' trials, and return the pairs that have not given up."""
        pairs = []
        for plan, study in self.pairs:
            claims.free(study)
            if not self.worker.gives_up(claims, plan, study):
                pairs.append((plan, study))
        return pairs


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
