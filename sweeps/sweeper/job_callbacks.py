"""Hydra's callbacks for jobs that run within another's: each is told of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from sweeps.sweeper.own_config import hydra_config

# The methods by which a callback is told of jobs.
JOB_EVENTS = ("on_job_start", "on_job_end")


def listen_to_jobs(callbacks: Callbacks) -> bool:
    """Return whether any callback does something where a job starts or ends."""
    return any(_overrides(callback, event) for callback in callbacks.callbacks for event in JOB_EVENTS)


def _overrides(callback: Any, event: str) -> bool:
    """Return whether a callback has a method of its own; of one without any, Hydra warns."""
    method = getattr(callback, event, None)
    return getattr(method, "__func__", None) is not vars(Callback)[event]


@contextmanager
def call_back(
    hydra_context: HydraContext,
    task_function: TaskFunction,
    configs: Sequence[DictConfig],
    tasks: Sequence[DictConfig],
) -> Iterator[list[Any]]:
    """Tell the callbacks that jobs start and, after the block, how they ended.

    Yield a list for what each returned, or the exception that ended it.
    configs: of the jobs, Hydra's part included. tasks: what the application has of them.
    """
    callbacks = hydra_context.callbacks
    for config in configs:
        with hydra_config(config):
            callbacks.on_job_start(config=config, task_function=task_function)
    outcomes: list[Any] = []
    try:
        yield outcomes
    except BaseException as error:
        outcomes[:] = [error] * len(configs)
        raise
    finally:
        for config, task, outcome in zip(configs, tasks, outcomes, strict=True):
            with hydra_config(config):
                callbacks.on_job_end(config=config, job_return=_job_return(config, task, outcome))


def _job_return(config: DictConfig, task: DictConfig, outcome: Any) -> JobReturn:
    status = JobStatus.FAILED if isinstance(outcome, BaseException) else JobStatus.COMPLETED
    return JobReturn(
        overrides=list(config.hydra.overrides.task),
        cfg=task,
        hydra_cfg=config,
        working_dir=config.hydra.runtime.output_dir,
        task_name=config.hydra.job.name,
        status=status,
        _return_value=outcome,
    )
