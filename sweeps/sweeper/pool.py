"""The workers of a sweep, as its driver starts and awaits them."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from omegaconf import OmegaConf

from sweeps.numbers import format_digits
from sweeps.report.sentences.wording import format_count
from sweeps.study.claims import Claims
from sweeps.study.outage import StorageError, retry_once, storage_failure
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.compose import override_hydra_key, set_hydra_key, without_callbacks
from sweeps.sweeper.launchers import is_joblib
from sweeps.sweeper.progress import INTERVAL
from sweeps.sweeper.stacking import count_workers
from sweeps.sweeper.worker import Worker

# A launcher that comes back this often without a trial having ended is not started again.
FRUITLESS_STARTS = 3


@dataclass(frozen=True)
class Pool:
    """The workers that a launcher starts."""

    worker: Worker
    agenda: Agenda
    claims: Claims

    def run(self, show: Callable[[str], None]) -> None:
        """Start workers until no trial is left, and wait for those that other drivers' workers run."""
        fruitless = 0
        while (count := self._count_due()) or self.agenda.count_running():
            if time.time() >= self.worker.deadline:
                seconds = format_digits(self.worker.settings.timeout or 0)
                show(f"stopped after hydra.sweeper.timeout={seconds} s")
                return
            if not count:
                self._wait_for_others(show)
                continue
            suspects = self.agenda.count_suspects()
            try:
                self._launch(count, suspects)
            except Exception as error:
                if storage_failure(error) or fruitless + 1 == FRUITLESS_STARTS:
                    raise
            # Launchers may return before their workers finish.
            is_fruitless = self.agenda.count_claimable() == count and self.agenda.count_suspects() == suspects
            fruitless = fruitless + 1 if is_fruitless else 0
            if fruitless == FRUITLESS_STARTS:
                raise RuntimeError(f"workers ended {fruitless} times without finishing one of {count} trials")

    @retry_once
    def _count_due(self) -> int:
        """Enqueue what follows from the trials that have ended, and return how many can be claimed."""
        with self.claims.exclusive():
            self.agenda.advance()
        return self.agenda.count_claimable()

    def _launch(self, count: int, suspects: int) -> None:
        """Start workers for so many trials and those that may follow; raise what one raised."""
        count = min(max(count, self.agenda.count_following()), count_workers(self.worker.settings))
        worker = self.worker
        if suspects and is_joblib(worker.jobs.composer.config):
            # Joblib kills all workers where one dies, so that others' trials would be blamed too.
            worker, count = replace(worker, is_for_one_claim=True), 1
        launcher, jobs = _prepare_launch(worker, count)
        for job_return in launcher.launch(jobs, initial_job_idx=0):
            # Raises what the worker raised.
            if job_return.return_value:
                raise StorageError(job_return.return_value)

    def _wait_for_others(self, show: Callable[[str], None]) -> None:
        """Wait while workers of another driver, dead or alive, run trials and leave none to claim."""
        show(f"waiting for {format_count(self.agenda.count_running(), 'trial')} of another process")
        while not self.agenda.count_claimable() and self.agenda.count_running():
            if time.time() >= self.worker.deadline:
                return
            time.sleep(INTERVAL)


def _prepare_launch(worker: Worker, count: int) -> tuple[Launcher, list[list[str]]]:
    """Return Hydra's launcher for `count` workers, and the overrides of each."""
    config = worker.jobs.composer.config
    if "n_jobs" in config.hydra.launcher:  # the launcher's own number of processes
        # Joblib runs one job alone in the process that asks, which is the driver's.
        processes = max(2, count) if is_joblib(config) else count
        config = override_hydra_key(config, "hydra.launcher.n_jobs", processes)
    if OmegaConf.select(config, "hydra.hydra_logging.root") is not None:  # the progress display says it
        config = set_hydra_key(config, "hydra.hydra_logging.root.level", "WARNING")
    # Else Ray, below `uv run`, starts workers in a copy of the working folder: relative paths lead elsewhere.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    context = without_callbacks(worker.jobs.composer.hydra_context)  # a worker is no job of the application's
    launcher = Plugins.instance().instantiate_launcher(context, worker, config)
    # To Hydra it is one: what is fixed may be what configures the sweeper, which no job may change.
    plan = worker.plans[0]
    overrides = [*plan.fixed, *plan.first_setting, "hydra.output_subdir=null", "hydra/job_logging=none"]
    # It stays where the command was started: a config that it composes takes its folder as the original one.
    overrides += ["hydra.job.chdir=false"]
    return launcher, [[*overrides, f"hydra.sweep.subdir=workers/{number}"] for number in range(count)]
