"""The Hydra jobs of a sweep: one by one, or several that the application runs together."""

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, run_job
from hydra.types import TaskFunction
from hydra.utils import get_method
from omegaconf import DictConfig, OmegaConf, flag_override

from sweeps.study.labels import SINGLE
from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.record import ReplicateTrial
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.hydra_files import HydraFiles
from sweeps.sweeper.job_output import output_to
from sweeps.sweeper.plan import Plan
from sweeps.trial import Job, set_current_trial

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReplicateJob:
    """A Hydra job that runs one replicate of a trial."""

    # below the sweep's folder
    folder: Path
    overrides: Sequence[str]
    # what the job reports to
    trial: ReplicateTrial


def job_folder(study: str, number: int, label: str) -> Path:
    """Return a job's folder below the sweep's: <group>=<option>/<trial>/<replicate>."""
    return Path(*study.split("/")[1:], str(number), label)


@dataclass(frozen=True)
class Jobs:
    """Runs replicates as Hydra jobs, each in a folder of its own."""

    composer: Composer
    task_function: TaskFunction
    # the sweep's
    folder: Path
    # dotted path of the application's function that runs several jobs at once, if it has one
    stacked: str | None

    def rename_old_folder(self, plan: Plan, number: int) -> None:
        """Rename the folder of a trial's number that a sweep wrote whose storage is gone."""
        folder = (self.folder / job_folder(plan.name, number, "jobs")).parent
        if folder.exists():
            names = (folder.with_name(f"{number}.old{count}") for count in itertools.count(1))
            folder.rename(next(name for name in names if not name.exists()))

    def run_all(self, jobs: Sequence[ReplicateJob]) -> list[Any]:
        """Return what each job returned, or the exception that ended it.

        Raises what no job is to blame for. Where several fail together, each is run again by itself.
        """
        if len(jobs) > 1 and self.stacked is not None:
            try:
                return self._run_stack(jobs, get_method(self.stacked))
            except Exception as error:
                _raise_storage_failure(error)
                log.warning("Jobs that ran together failed, each runs by itself now: %s", error)
        outcomes: list[Any] = []
        for job in jobs:
            try:
                outcomes.append(self._run_single(job))
            except (Exception, SystemExit) as error:
                _raise_storage_failure(error)
                outcomes.append(error)
        return outcomes

    def _run_single(self, job: ReplicateJob) -> Any:
        config = self._compose(job)
        with set_current_trial(job.trial):
            return self._run_job(self.task_function, config, [job])

    def _run_stack(
        self, jobs: Sequence[ReplicateJob], function: Callable[[Sequence[Job]], list[Any]]
    ) -> list[Any]:
        """Run one Hydra job, the first's, for all; the others have their folders and configs too."""
        first = jobs[0]
        config = self._compose(first)
        parts = []
        for job in jobs[1:]:
            task = self.composer.compose(job.overrides, with_hydra=False)
            parts.append(Job(task, self.folder / job.folder, job.trial))

        def run_function(task: DictConfig) -> list[Any]:
            files = {self.composer.options(first.overrides): HydraFiles(config.hydra)}
            for job, part in zip(jobs[1:], parts, strict=True):
                options = self.composer.options(job.overrides)
                if options not in files:
                    files[options] = HydraFiles(self._compose(job).hydra)
                text = self.composer.task_to_yaml(part.config, job.overrides)
                files[options].write(part.folder, text, job.overrides, self._own_values(job))
            return function([Job(task, self.folder / first.folder, first.trial), *parts])

        outcomes: list[Any] = self._run_job(run_function, config, jobs)
        return outcomes

    def _run_job(self, function: TaskFunction, config: DictConfig, jobs: Sequence[ReplicateJob]) -> Any:
        """Run one Hydra job, whose output goes to the folders of all `jobs`."""
        with output_to(*(self.folder / job.folder / "output.log" for job in jobs)):
            job_return: JobReturn = run_job(
                function,
                config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
                hydra_context=self.composer.hydra_context,
            )
            return job_return.return_value

    def _compose(self, job: ReplicateJob) -> DictConfig:
        config = self.composer.compose(job.overrides)
        with flag_override(config.hydra, ["readonly", "struct"], False):
            for key, value in self._own_values(job).items():
                OmegaConf.update(config.hydra, key, value)
        return config

    def _job_id(self, job: ReplicateJob) -> str:
        """Return the id that a launcher of Hydra's gives the job of that number, with its replicate."""
        parts = [] if job.trial.label == SINGLE else [job.trial.label]
        config = self.composer.config
        if not str(config.hydra.launcher["_target_"]).endswith(".BasicLauncher"):
            return "_".join([str(config.hydra.job.name), str(job.trial.number), *parts])
        return "_".join([str(job.trial.number), *parts])

    def _own_values(self, job: ReplicateJob) -> dict[str, Any]:
        """Return what a job has of its own in Hydra's part of its config."""
        return {
            "job.id": self._job_id(job),
            "job.num": job.trial.number,
            "overrides.task": list(job.overrides),
            "runtime.output_dir": str(self.folder / job.folder),
            "sweep.dir": str(self.folder),
            "sweep.subdir": str(job.folder),
        }


def _raise_storage_failure(error: BaseException) -> None:
    """Raise an error that no job is to blame for: nothing can be kept, or the connection broke."""
    if storage_failure(error) or is_connection_lost(error):
        raise error
