"""Jobs of a Hydra application in processes that a fork server forks."""

import os
from collections.abc import Sequence
from pathlib import Path

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, configure_log, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from sweeps.fork_server.client import current_server
from sweeps.sweeper.application import Application, RemoteJob
from sweeps.sweeper.worker import Worker

# How often a killed worker is started again, on average, before all are.
RESTARTS = 3


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
    job = RemoteJob(Application(hydra_context, task_function, Singleton.get_state()), config)
    with current_server() as server:
        count = n_jobs or os.cpu_count() or 1
        # A worker that is killed leaves its trial to be claimed; a job of another sweeper has lost its own.
        restarts = RESTARTS * count if isinstance(task_function, Worker) else 0
        return server.run(job, list(enumerate(overrides, first)), count, restarts)
