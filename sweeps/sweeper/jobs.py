"""The Hydra jobs of a sweep: one by one, or several that the application runs together."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, run_job
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, flag_override

from sweeps.study.labels import SINGLE
from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.record import ReplicateTrial
from sweeps.sweeper.compose import Composer, without_callbacks
from sweeps.sweeper.functions import function_at
from sweeps.sweeper.hydra_files import HydraFiles
from sweeps.sweeper.job_callbacks import call_back, listen_to_jobs
from sweeps.sweeper.job_folders import job_folder, rename_old_folder, study_folder
from sweeps.sweeper.job_output import output_to
from sweeps.sweeper.own_config import hydra_config, refers_to_hydra, resolve_hydra_values
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


@dataclass(frozen=True)
class Jobs:
    """Runs replicates as Hydra jobs, each in a folder of its own."""

    composer: Composer
    task_function: TaskFunction
    # the sweep's
    folder: Path
    # dotted path of the application's function that runs several jobs at once, if it has one
    stacked: str | None

    def folder_of(self, plan: Plan, number: int, label: str, overrides: Sequence[str]) -> Path:
        """Return a job's folder below the sweep's: hydra.sweep.subdir, and a replicate's below that."""
        subdir = str(number)
        if not self.composer.has_default_subdir(overrides):
            config = self.composer.compose(overrides)
            _update(config, self._numbers(number, label))
            with hydra_config(config):
                subdir = str(config.hydra.sweep.subdir)
        return job_folder(plan.name, subdir, label)

    def rename_old_folder(self, plan: Plan, number: int, setting: Sequence[str]) -> None:
        """Rename the folder of a trial's number that a sweep wrote whose storage is gone."""
        if self.composer.has_default_subdir(setting):
            rename_old_folder(self.folder / study_folder(plan.name) / str(number))

    def run_all(self, jobs: Sequence[ReplicateJob]) -> list[Any]:
        """Return what each job returned, or the exception that ended it.

        Raises what no job is to blame for. Where several fail together, each is run again by itself.
        """
        if len(jobs) > 1 and self.stacked is not None:
            try:
                return self._run_stack(jobs, function_at(self.stacked))
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
            return self._run_job(self.task_function, config, [job], self.composer.hydra_context)

    def _run_stack(
        self, jobs: Sequence[ReplicateJob], function: Callable[[Sequence[Job]], list[Any]]
    ) -> list[Any]:
        """Run one Hydra job, the first's, for all; the others have their folders and configs too."""
        first = jobs[0]
        config = self._compose(first)

        def run_function(task: DictConfig) -> list[Any]:
            files = {self.composer.options(first.overrides): HydraFiles(config.hydra)}
            parts = [self._prepare_part(job, files) for job in jobs[1:]]
            stack = [Job(task, self.folder / first.folder, first.trial), *parts]
            if not listen_to_jobs(context.callbacks):
                return function(stack)
            configs = [config, *map(self._compose, jobs[1:])]
            tasks = [job.config for job in stack]
            with call_back(context, self.task_function, configs, tasks) as outcomes:
                outcomes += function(stack)
            return outcomes

        context = self.composer.hydra_context
        outcomes: list[Any] = self._run_job(run_function, config, jobs, without_callbacks(context))
        return outcomes

    def _prepare_part(self, job: ReplicateJob, files: dict[tuple[str, ...], HydraFiles]) -> Job:
        """Return one of the other jobs, its files written; files: writers by options."""
        task = self.composer.compose(job.overrides, with_hydra=False)
        options = self.composer.options(job.overrides)
        if options not in files:
            files[options] = HydraFiles(self._compose(job).hydra)
        text = self.composer.task_to_yaml(task, job.overrides)
        files[options].write(self.folder / job.folder, text, job.overrides, self._own_values(job))
        if refers_to_hydra(text):
            resolve_hydra_values(task, self._compose(job))
        return Job(task, self.folder / job.folder, job.trial)

    def _run_job(
        self, function: TaskFunction, config: DictConfig, jobs: Sequence[ReplicateJob], context: HydraContext
    ) -> Any:
        """Run one Hydra job, whose output goes to the folders of all `jobs`."""
        with output_to(*(self.folder / job.folder / "output.log" for job in jobs)):
            job_return: JobReturn = run_job(
                function,
                config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
                hydra_context=context,
            )
            return job_return.return_value

    def _compose(self, job: ReplicateJob) -> DictConfig:
        config = self.composer.compose(job.overrides)
        _update(config, self._own_values(job))
        return config

    def _own_values(self, job: ReplicateJob) -> dict[str, Any]:
        """Return what a job has of its own in Hydra's part of its config."""
        return {
            **self._numbers(job.trial.number, job.trial.label),
            "overrides.task": list(job.overrides),
            "runtime.output_dir": str(self.folder / job.folder),
            "sweep.subdir": str(job.folder),
        }

    def _numbers(self, number: int | None, label: str) -> dict[str, Any]:
        """Return a job's number and id as a launcher of Hydra's gives them, with its replicate."""
        parts = [str(number)] if label == SINGLE else [str(number), label]
        config = self.composer.config
        if not str(config.hydra.launcher["_target_"]).endswith(".BasicLauncher"):
            parts.insert(0, str(config.hydra.job.name))
        return {"job.id": "_".join(parts), "job.num": number, "sweep.dir": str(self.folder)}


def _update(config: DictConfig, values: Mapping[str, Any]) -> None:
    """Set keys of Hydra's part of a config."""
    with flag_override(config.hydra, ["readonly", "struct"], False):
        for key, value in values.items():
            OmegaConf.update(config.hydra, key, value)


def _raise_storage_failure(error: BaseException) -> None:
    """Raise an error that no job is to blame for: nothing can be kept, or the connection broke."""
    if storage_failure(error) or is_connection_lost(error):
        raise error
