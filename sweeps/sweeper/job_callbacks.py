"""Hydra's callbacks for jobs that run within another's: each is told of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from sweeps.sweeper.own_config import hydra_config


@contextmanager
def call_back(
    hydra_context: HydraContext, task_function: TaskFunction, configs: Sequence[DictConfig]
) -> Iterator[list[Any]]:
    """Tell the callbacks that jobs start and, after the block, how they ended.

    Yield a list for what each returned, or the exception that ended it.
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
        for config, outcome in zip(configs, outcomes, strict=True):
            with hydra_config(config):
                callbacks.on_job_end(config=config, job_return=_job_return(config, outcome))


def _job_return(config: DictConfig, outcome: Any) -> JobReturn:
    task = deepcopy(config)
    with open_dict(task):
        del task["hydra"]
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
