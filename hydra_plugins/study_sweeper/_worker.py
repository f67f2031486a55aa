"""The loop that a worker process runs, and the Hydra jobs in it."""

import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, run_job
from hydra.types import TaskFunction
from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict
from optuna.trial import TrialState
from sweeps.study.claims import RETRY_OF, Claims
from sweeps.study.grid import Grid
from sweeps.study.replicate import Replicate, objective, records
from sweeps.study.storage import lock_folder, open_storage, open_study
from sweeps.trial import running

from ._config import Composer
from ._plan import Plan, is_grid
from ._space import assignments, grid_values


@dataclass(frozen=True)
class Jobs:
    """How a worker runs one replicate as a Hydra job, in <folder>/<study>/<trial>/<replicate>."""

    composer: Composer
    task_function: TaskFunction
    folder: Path

    def folder_of(self, plan: Plan, number: int, label: str) -> Path:
        """The job's folder below the sweep's."""
        return Path(*plan.name.split("/")[1:], str(number), label)

    def run(self, plan: Plan, overrides: Sequence[str], number: int, label: str) -> Any:
        """Run one job and return what its task function returned, or raise what it raised."""
        subdir = self.folder_of(plan, number, label)
        config = self.composer.compose(overrides)
        with open_dict(config):
            config.hydra.job.id, config.hydra.job.num = f"{number}_{label}", number
            config.hydra.sweep.dir, config.hydra.sweep.subdir = str(self.folder), str(subdir)
        with output_to(self.folder / subdir / "output.log"):
            ended: JobReturn = run_job(
                task_function=self.task_function,
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
                hydra_context=self.composer.hydra_context,
            )
            return ended.return_value


@dataclass(frozen=True)
class Worker:
    """Claims trials until no study has any left. A launcher starts it as if it were the task function."""

    plans: Sequence[Plan]
    replicates: Mapping[str, list[str]]
    storage: str
    sampler: DictConfig
    max_failure_rate: float
    jobs: Jobs
    driver: str

    def __call__(self, config: DictConfig) -> None:  # noqa: ARG002 -- a task function's signature
        os.environ["SWEEPS_WORKER"] = str(HydraConfig.get().job.num)
        with output_to(Path(HydraConfig.get().runtime.output_dir) / "output.log"):
            orphaned = self._work()
        if orphaned:  # nobody takes the result: a pool's process would wait for its dead parent
            os._exit(1)

    def _work(self) -> bool:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = open_storage(self.storage)
        with Claims(lock_folder(self.storage), self.driver).alive() as claims:
            for plan in self.plans:
                study = open_study(storage, plan.name, self._sampler(plan))
                while not self.gives_up(study) and (trial := claims.claim(study, plan.space, plan.n_trials)):
                    self._run(claims, plan, study, trial)
            return claims.is_orphan()

    def gives_up(self, study: optuna.Study) -> bool:
        """Whether too large a share of the study's ended trials failed."""
        trials = study.get_trials(deepcopy=False)
        retried = {trial.system_attrs.get(RETRY_OF) for trial in trials}
        ended = [trial for trial in trials if trial.state.is_finished() and trial.number not in retried]
        failed = sum(trial.state == TrialState.FAIL for trial in ended)
        return failed > self.max_failure_rate * len(ended)

    def _run(self, claims: Claims, plan: Plan, study: optuna.Study, trial: optuna.Trial) -> None:
        try:
            values = [self._replicate(plan, trial, label) for label in self.replicates]
        except optuna.TrialPruned:
            study.tell(trial, state=TrialState.PRUNED)
        except Exception as error:
            trial.set_user_attr("failure", f"{type(error).__name__}: {error}")
            study.tell(trial, state=TrialState.FAIL)
        except BaseException:
            claims.give_back(study, trial)
            raise
        else:
            kept = records(trial.user_attrs, list(self.replicates))
            trial.set_user_attr("diverged", sum(bool(record.get("diverged")) for record in kept.values()))
            study.tell(trial, fmean(values))

    def _replicate(self, plan: Plan, trial: optuna.Trial, label: str) -> float:
        labels = list(self.replicates)
        kept = records(trial.user_attrs, labels)
        if label in kept:
            return float(kept[label]["value"])
        replicate = Replicate(trial, label, labels)
        overrides = [*plan.fixed, *assignments(trial.params), *self.replicates[label]]
        replicate.set_user_attr("folder", str(self.jobs.folder_of(plan, trial.number, label)))
        with running(replicate):
            value = objective(label, self.jobs.run(plan, overrides, trial.number, label))
        replicate.finish(value)
        return value

    def _sampler(self, plan: Plan) -> optuna.samplers.BaseSampler:
        if is_grid(self.sampler):
            grid = {key: grid_values(key, values) for key, values in plan.space.items()}
            return Grid(grid, seed=self.sampler.get("seed"))
        allowed = ["hydra_plugins.hydra_optuna_sweeper.*", "optuna.samplers.*"]
        sampler: optuna.samplers.BaseSampler = instantiate(self.sampler, _execution_whitelist_=allowed)
        return sampler


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
