"""The Hydra jobs of a sweep: one by one, or several that the application runs together."""

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, run_job
from hydra.types import TaskFunction
from hydra.utils import get_method
from omegaconf import DictConfig, open_dict

from sweeps.study.outage import is_lost, reason
from sweeps.study.replicate import Replicate
from sweeps.trial import Job, running

from ._config import Composer
from ._plan import Plan

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """One replicate of a trial that is to be run."""

    plan: Plan
    number: int
    label: str
    overrides: Sequence[str]
    replicate: Replicate


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

    def _alone(self, one: Asked) -> Any:
        try:
            with running(one.replicate):
                return self._job(one, self.task_function)
        except (Exception, SystemExit) as error:
            _raise_if_the_storage_failed(error)
            return error

    def _together(self, asked: Sequence[Asked], stacked: Callable[[Sequence[Job]], list[Any]]) -> list[Any]:
        """Start every job within the one before it; in the last one, run them all."""
        jobs: list[Job] = []
        outcomes: list[Any] = []

        def start(config: DictConfig) -> Any:
            place = len(jobs)
            one = asked[place]
            folder = self.folder / self.folder_of(one.plan, one.number, one.label)
            jobs.append(Job(config, folder, one.replicate))
            if place + 1 < len(asked):
                self._begin(asked[place + 1], start, outcomes)
            else:
                outcomes.extend(stacked(jobs))
            if isinstance(outcomes[place], Exception):
                raise outcomes[place]
            return outcomes[place]

        self._begin(asked[0], start, outcomes)
        return outcomes

    def _begin(self, one: Asked, start: TaskFunction, outcomes: Sequence[Any]) -> None:
        """Start a job; what becomes of it is among the outcomes, unless there are none."""
        try:
            self._job(one, start)
        except Exception:
            if not outcomes:
                raise

    def _job(self, one: Asked, task_function: TaskFunction) -> Any:
        subdir = self.folder_of(one.plan, one.number, one.label)
        config = self.composer.compose(one.overrides)
        with open_dict(config):
            config.hydra.job.id, config.hydra.job.num = f"{one.number}_{one.label}", one.number
            config.hydra.sweep.dir, config.hydra.sweep.subdir = str(self.folder), str(subdir)
        with output_to(self.folder / subdir / "output.log"):
            ended: JobReturn = run_job(
                task_function=task_function,
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
                hydra_context=self.composer.hydra_context,
            )
            return ended.return_value


def _raise_if_the_storage_failed(error: BaseException) -> None:
    """No job is to blame where nothing can be kept, or the connection broke."""
    if reason(error) or is_lost(error):
        raise error


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """Write what the job prints and logs to its own file; the terminal belongs to the progress display."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            yield
        except Exception:
            traceback.print_exc()
            raise
