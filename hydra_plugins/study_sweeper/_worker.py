"""The loop that a worker process runs, and the Hydra jobs in it."""

import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, run_job
from hydra.types import TaskFunction
from omegaconf import DictConfig, open_dict
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from sweeps.study.claims import Claims
from sweeps.study.locks import locks_for
from sweeps.study.outage import is_lost, reason
from sweeps.study.replicate import AGGREGATES, Replicate, objectives, records, values_of
from sweeps.study.storage import open_storage, open_study
from sweeps.trial import running

from ._config import Composer
from ._plan import Plan
from ._sampling import is_drawn_at_once, pruner_of, sampler_of, setting_of


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


class Failed(Exception):  # noqa: N818 -- what became of a job, not an error of ours
    """A job raised, or returned no objective."""


@dataclass(frozen=True)
class Worker:
    """Claims trials until no study has any left. A launcher starts it as if it were the task function."""

    plans: Sequence[Plan]
    storage: str
    settings: Mapping[str, Any]
    jobs: Jobs
    driver: str

    def __call__(self, config: DictConfig) -> str | None:  # noqa: ARG002 -- a task function's signature
        """Work to the end; return why nothing can be kept any more where that is the end."""
        number = int(HydraConfig.get().job.num)
        share_out(self.settings["cuda_devices"], number)
        try:
            with output_to(Path(HydraConfig.get().runtime.output_dir) / "output.log"):
                orphaned = self._work(number)
        except Exception as error:
            why = reason(error)
            if not (why or is_lost(error)):
                raise
            return why  # where a connection broke, the driver waits for the server and starts another worker
        if orphaned:  # nobody takes the result: a pool's process would wait for its dead parent
            os._exit(1)
        return None

    def _work(self, number: int) -> bool:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = open_storage(self.storage)
        with Claims(locks_for(self.storage), self.driver).alive() as claims:
            for plan in self.plans:
                study = open_study(storage, plan.name)
                study.sampler = sampler_of(self.settings, plan, len(study.get_trials(deepcopy=False)), number)
                study.pruner = pruner_of(plan)
                at_once = plan.space if is_drawn_at_once(study.sampler) else {}
                while not self.gives_up(plan, claims.failed(study)) and (
                    trial := claims.claim(study, at_once, plan.n_trials)
                ):
                    self._run(claims, plan, study, trial)
            orphaned: bool = claims.is_orphan()
            return orphaned

    def gives_up(self, plan: Plan, failed: int) -> bool:
        """Whether more of a study's trials failed for good than the share of all that may."""
        return bool(failed > self.settings["max_failure_rate"] * plan.n_trials)

    def _run(self, claims: Claims, plan: Plan, study: optuna.Study, trial: optuna.Trial) -> None:
        """See a claimed trial to its end, or give it back if this process is to end first."""
        try:
            sampled = setting_of(self.settings, plan, trial, self.jobs.composer.config)
            setting = [*plan.fixed, *sampled]
            values = [self._replicate(plan, study, trial, setting, label) for label in plan.replicates]
        except optuna.TrialPruned as pruned:
            claims.tell(study, trial, state=TrialState.PRUNED, pruned=str(pruned))
        except Failed as failure:
            retries = self.settings["retries"]
            claims.tell(study, trial, state=TrialState.FAIL, retries=retries, failure=str(failure))
        except UpdateFinishedTrialError:
            pass  # another worker took the trial, as this one seemed dead, and has ended it
        except BaseException as error:
            if (
                reason(error) is None
            ):  # else giving it back would wait and fail too; who dies leaves it as well
                claims.give_back(study, trial)
            raise
        else:
            kept = records(trial.user_attrs, list(plan.replicates))
            diverged = sum(bool(record.get("diverged")) for record in kept.values())
            combine = AGGREGATES[self.settings["aggregate"]]
            told = [float(combine(objective)) for objective in zip(*values, strict=True)]
            claims.tell(study, trial, told, diverged=diverged)

    def _replicate(
        self, plan: Plan, study: optuna.Study, trial: optuna.Trial, setting: Sequence[str], label: str
    ) -> list[float]:
        labels = list(plan.replicates)
        kept = records(trial.user_attrs, labels)
        if label in kept:
            return values_of(kept[label])
        replicate = Replicate(study, trial, label, labels)
        overrides = [*setting, *plan.replicates[label]]
        replicate.set_user_attr("folder", str(self.jobs.folder_of(plan, trial.number, label)))
        try:
            with running(replicate):
                returned = self.jobs.run(plan, overrides, trial.number, label)
            values = objectives(label, returned, len(study.directions))
        except optuna.TrialPruned as pruned:
            raise optuna.TrialPruned(replicate.where(str(pruned))) from pruned
        except (Exception, SystemExit) as error:
            if reason(error) or is_lost(error):  # the setting is not to blame
                raise
            raise Failed(f"{type(error).__name__}: {error}") from error
        replicate.finish(values)
        return values


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
