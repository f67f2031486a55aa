"""Jobs of a Hydra application in processes that a fork server forks."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, configure_log, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from sweeps.fork_server.client import current_server


@dataclass(frozen=True)
class LaunchedJob:
    """Runs a Hydra job in another process of the application."""

    hydra_context: HydraContext
    task_function: TaskFunction
    config: DictConfig
    # Hydra's own state
    singletons: Any

    def __call__(self, job: tuple[int, Sequence[str]]) -> JobReturn:
        """Run the job of a number with its overrides."""
        number, overrides = job
        setup_globals()
        Singleton.set_state(self.singletons)
        config = self.hydra_context.config_loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = f"{config.hydra.job.name}_{number}"
            config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return run_job(
            self.task_function,
            config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=self.hydra_context,
        )


def launch(
    hydra_context: HydraContext,
    task_function: TaskFunction,
    config: DictConfig,
    overrides: Sequence[Sequence[str]],
    first: int,
    n_jobs: int | None,
) -> list[JobReturn]:
    """Run a job with each of the overrides, `n_jobs` at once, numbered from `first` on."""
    setup_globals()
    configure_log(
        config.hydra.hydra_logging,
        config.hydra.verbose,
        execution_whitelist=hydra_context.execution_whitelist,
    )
    Path(str(config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
    job = LaunchedJob(hydra_context, task_function, config, Singleton.get_state())
    with current_server() as server:
        return server.run(job, list(enumerate(overrides, first)), n_jobs or os.cpu_count() or 1)
