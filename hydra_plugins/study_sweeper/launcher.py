"""The launcher as Hydra discovers it, in every Hydra application: the work is imported when jobs start."""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class ForkserverLauncherConf:
    """hydra.launcher of `hydra/launcher=forkserver`."""

    _target_: str = "hydra_plugins.study_sweeper.launcher.ForkserverLauncher"
    # how many jobs run at once; null: one a core
    n_jobs: int | None = None


class ForkserverLauncher(Launcher):
    """Forks each job from a process that has imported and loaded what all of them need."""

    def __init__(self, n_jobs: int | None = None) -> None:
        self.n_jobs = n_jobs

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra passes before the launch."""
        self.job = (hydra_context, task_function, config)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs, each in a process of its own."""
        from sweeps.sweeper.launch import launch

        return launch(*self.job, job_overrides, initial_job_idx, self.n_jobs)


ConfigStore.instance().store(
    group="hydra/launcher",
    name="forkserver",
    node=ForkserverLauncherConf,
    provider="study_sweeper",
    replace=True,
)
