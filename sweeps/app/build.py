"""The run that a config describes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hydra.errors import InstantiationException
from hydra.utils import UNSAFE_DISABLE_EXECUTION_CHECKS, execution_whitelist, instantiate
from omegaconf import DictConfig, OmegaConf

from sweeps.sweeper.config_copy import copy_config

# torch is imported where something is built: --help answers without it.
if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from sweeps.training.run import Run

# What this process has built, by its config.
_built_parts: dict[str, Any] = {}


def build(cfg: DictConfig) -> Run:
    """Build the run that a config describes, its data loaded. Raises ValueError for what can't be built."""
    from sweeps.app.startup import avoid_importing_dynamo
    from sweeps.data.checks import check_feed
    from sweeps.schedulers import Schedule
    from sweeps.training.run import Run

    feed = check_feed(_instantiate("data", cfg.data))
    cfg = copy_config(cfg)
    OmegaConf.update(cfg, "steps_per_epoch", feed.training // cfg.batch_size)
    model = _instantiate("model", cfg.model, _partial_=True)
    optimizer = _instantiate("optimizer", cfg.optimizer, _partial_=True)
    avoid_importing_dynamo()
    return Run(
        feed=feed,
        model=model,
        optimizer=optimizer,
        seed=cfg.seed,
        epochs=cfg.epochs,
        batch_size=cfg.batch_size,
        schedule=Schedule(_scheduler(cfg), interval_of(cfg), OmegaConf.select(cfg, "scheduler.monitor")),
        weight_decay_on=cfg.weight_decay_on,
    )


def interval_of(cfg: DictConfig) -> str:
    """Return what the scheduler counts: epoch or step."""
    interval: str = OmegaConf.select(cfg, "scheduler.interval", default="epoch")
    return interval


def _scheduler(cfg: DictConfig) -> Callable[[Optimizer], LRScheduler]:
    from sweeps.schedulers import WarmUp

    arguments: Any = OmegaConf.to_container(cfg.scheduler, resolve=True)
    for key in ("interval", "monitor"):  # ours, not the class's
        arguments.pop(key, None)
    scheduler: Callable[[Optimizer], LRScheduler] = _instantiate("scheduler", arguments, _partial_=True)
    steps = round(cfg.warmup.epochs * cfg.steps_per_epoch)
    if steps:
        return partial(WarmUp, build=scheduler, steps=steps, start_factor=cfg.warmup.start_factor)
    return scheduler


def _instantiate(key: str, node: Any, **kwargs: Any) -> Any:
    """Build what a `_target_` names, once in a process: a study's runs share their data and most parts.

    It may name anything: the config is the user's own program.
    """
    arguments = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    config = repr((arguments, kwargs))
    if config not in _built_parts:
        try:
            with execution_whitelist(UNSAFE_DISABLE_EXECUTION_CHECKS, reset=True):
                _built_parts[config] = instantiate(arguments, _convert_="all", **kwargs)
        except (InstantiationException, ModuleNotFoundError) as error:
            raise ValueError(
                f"{key}: {_reason(error)}; install its package "
                "(optimizer-sweeps[train,optimizers] brings those of conf/), "
                "or add its file's folder to PYTHONPATH"
            ) from error
    return _built_parts[config]


def _reason(error: BaseException) -> str:
    """Return the error's message in one line, with that of its first cause in brackets."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    message = str(error).replace("\n", ", ")
    return message if cause is error else f"{message} ({cause})"
