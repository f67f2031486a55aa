"""The Hydra jobs of a sweep: one by one, or several that the application runs together."""

import itertools
import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import TextIOBase
from pathlib import Path
from typing import Any, TextIO

from hydra.core.utils import JobReturn, run_job
from hydra.types import TaskFunction
from hydra.utils import get_method
from omegaconf import DictConfig, OmegaConf, flag_override, read_write

from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.record import ReplicateTrial
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.plan import Plan
from sweeps.trial import Job, set_current_trial

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """One replicate of a trial that is to be run."""

    plan: Plan
    number: int
    label: str
    overrides: Sequence[str]
    replicate: ReplicateTrial


@dataclass(frozen=True)
class Jobs:
    """How a worker runs replicates as Hydra jobs, each in <folder>/<study>/<trial>/<replicate>.

    stacked: dotted path of the application's function that runs several jobs at once, if it has one.
    """

    composer: Composer
    task_function: TaskFunction
    folder: Path
    stacked: str | None

    def folder_of(self, plan: Plan, number: int, label: str) -> Path:
        """The job's folder below the sweep's."""
        return Path(*plan.name.split("/")[1:], str(number), label)

    def put_aside(self, plan: Plan, number: int) -> None:
        """Rename what a sweep whose storage is gone left where a new trial's jobs are to write."""
        folder = (self.folder / self.folder_of(plan, number, "jobs")).parent
        if folder.exists():
            names = (folder.with_name(f"{number}.old{count}") for count in itertools.count(1))
            folder.rename(next(name for name in names if not name.exists()))

    def run(self, asked: Sequence[Asked]) -> list[Any]:
        """What each job returned, or the exception that ended it.

        Raises what no job is to blame for. Where several fail together, each is run again by itself.
        """
        if len(asked) > 1 and self.stacked is not None:
            try:
                return self._together(asked, get_method(self.stacked))
            except Exception as error:
                _raise_if_the_storage_failed(error)
                log.warning("Jobs that ran together failed, each runs by itself now: %s", error)
        return [self._alone(one) for one in asked]

    def _together(self, asked: Sequence[Asked], stacked: Callable[[Sequence[Job]], list[Any]]) -> list[Any]:
        """One Hydra job, the first's, which runs them all; the others have their folders and configs too."""
        first, *others = asked
        jobs = [
            Job(self.composer.compose_task(one.overrides), self._path(one), one.replicate) for one in others
        ]
        config = self._config(first)

        def run(task: DictConfig) -> list[Any]:
            hydra = OmegaConf.masked_copy(config, "hydra")
            for one, job in zip(others, jobs, strict=True):
                self._rename(hydra.hydra, one)
                _leave_config(job, hydra, one.overrides)
            return stacked([Job(task, self._path(first), first.replicate), *jobs])

        outcomes: list[Any] = self._start(config, run, [self._path(one) for one in asked])
        return outcomes

    def _alone(self, one: Asked) -> Any:
        try:
            with set_current_trial(one.replicate):
                return self._start(self._config(one), self.task_function, [self._path(one)])
        except (Exception, SystemExit) as error:
            _raise_if_the_storage_failed(error)
            return error

    def _start(self, config: DictConfig, task_function: TaskFunction, folders: Sequence[Path]) -> Any:
        with output_to(*(folder / "output.log" for folder in folders)):
            ended: JobReturn = run_job(
                task_function=task_function,
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
                hydra_context=self.composer.hydra_context,
            )
            return ended.return_value

    def _path(self, one: Asked) -> Path:
        return self.folder / self.folder_of(one.plan, one.number, one.label)

    def _config(self, one: Asked) -> DictConfig:
        config = self.composer.compose(one.overrides)
        self._name(config.hydra, one)
        return config

    def _rename(self, hydra: DictConfig, one: Asked) -> None:
        """Make Hydra's part of a job's config that of another job of the same study."""
        self._name(hydra, one)
        with flag_override(hydra, "readonly", False), read_write(hydra.runtime):
            hydra.overrides.task = list(one.overrides)
            hydra.runtime.output_dir = str(self._path(one))

    def _name(self, hydra: DictConfig, one: Asked) -> None:
        with flag_override(hydra, ["readonly", "struct"], False):
            hydra.job.id, hydra.job.num = f"{one.number}_{one.label}", one.number
            hydra.sweep.dir = str(self.folder)
            hydra.sweep.subdir = str(self.folder_of(one.plan, one.number, one.label))


def _leave_config(job: Job, hydra: DictConfig, overrides: Sequence[str]) -> None:
    """Write what Hydra leaves in a job's folder."""
    if hydra.hydra.output_subdir is None:
        return
    folder = job.folder / str(hydra.hydra.output_subdir)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"config": job.config, "hydra": hydra, "overrides": OmegaConf.create(list(overrides))}
    for name, part in parts.items():
        (folder / f"{name}.yaml").write_text(OmegaConf.to_yaml(part), encoding="utf-8")


def _raise_if_the_storage_failed(error: BaseException) -> None:
    """No job is to blame where nothing can be kept, or the connection broke."""
    if storage_failure(error) or is_connection_lost(error):
        raise error


class Tee(TextIOBase):
    """Writes to several files."""

    def __init__(self, files: Sequence[TextIO]) -> None:
        self.files = files

    def write(self, text: str) -> int:
        """Write to all."""
        for file in self.files:
            file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush all."""
        for file in self.files:
            file.flush()


@contextmanager
def output_to(*paths: Path) -> Iterator[None]:
    """Write what jobs print and log to files of their own; the terminal belongs to the progress display."""
    with ExitStack() as opened:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        tee = Tee([opened.enter_context(path.open("a")) for path in paths])
        opened.enter_context(redirect_stdout(tee))
        opened.enter_context(redirect_stderr(tee))
        try:
            yield
        except Exception:
            traceback.print_exc()
            raise
