"""The run that a config describes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hydra.errors import InstantiationException
from hydra.utils import UNSAFE_DISABLE_EXECUTION_CHECKS, execution_whitelist, instantiate
from omegaconf import DictConfig, OmegaConf

from sweeps.app.reasons import describe_error, locate_error
from sweeps.study.dotted_keys import flatten
from sweeps.sweeper.config_copy import copy_config

# torch is imported where something is built: --help answers without it.
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from sweeps.data.augment import Augment
    from sweeps.data.feed import Feed
    from sweeps.losses import Loss
    from sweeps.metrics import EpochMetric
    from sweeps.training.initial import Weights
    from sweeps.training.run import Run

# What this process has built, by its config.
_built_parts: dict[str, Any] = {}
# Its losses, by their arguments: runs of one loss share a call of it.
_built_losses: dict[str, Loss] = {}
# Its augmentations: runs of one share its images.
_built_augments: dict[str, Augment] = {}
# The weights that its runs begin from, by path.
_built_weights: dict[str, Weights] = {}
# The arguments of a loss that are tensors.
WEIGHT_KEYS = ("weight", "pos_weight")
# What an option of conf/metric says of itself; the rest are its function's arguments.
METRIC_KEYS = ("name", "unit", "direction", "per_row", "task")


def build(cfg: DictConfig) -> Run:
    """Build the run that a config describes, its data loaded. Raises ValueError for what can't be built."""
    from sweeps.app.startup import avoid_importing_dynamo
    from sweeps.data.checks import check_feed
    from sweeps.schedulers import Schedule
    from sweeps.training.run import Run

    feed = check_feed(_instantiate("data", cfg.data), cfg.data._target_)
    cfg = copy_config(cfg)
    OmegaConf.update(cfg, "steps_per_epoch", feed.training // (cfg.batch_size * (cfg.accumulate or 1)))
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
        accumulate=cfg.accumulate or 1,
        schedule=Schedule(_scheduler(cfg), interval_of(cfg), OmegaConf.select(cfg, "scheduler.monitor")),
        weight_decay_on=cfg.weight_decay_on,
        loss=build_loss(cfg, feed),
        metrics=build_metrics(cfg.metric),
        augment=build_augment(cfg),
        mixup=cfg.mixup,
        clip_norm=cfg.clip_norm,
        clip_value=cfg.clip_value,
        ema=cfg.ema,
        init_from=build_weights(cfg.init_from),
        freeze=read_patterns(cfg.freeze),
        lr_factors=read_lr_factors(cfg.lr_factors),
        patience=cfg.patience,
    )


def build_weights(path: str | None) -> Weights | None:
    """Read what `init_from` names, once a process."""
    from sweeps.training.initial import read_weights

    if path is None:
        return None
    if path not in _built_weights:
        _built_weights[path] = read_weights(path)
    return _built_weights[path]


def read_patterns(value: Any) -> tuple[str, ...]:
    """Return the patterns of a list, or the one that stands alone."""
    if value is None:
        return ()
    return tuple(map(str, value if OmegaConf.is_list(value) else [value]))  # a number names a module too


def read_lr_factors(node: DictConfig | None) -> tuple[tuple[str, float], ...]:
    """Return each pattern with its factor: layer.0 of {layer.0: 2}, {layer: {0: 2}} and {layer: [2]}."""
    if node is None:
        return ()
    factors: Any = OmegaConf.to_container(node, resolve=True)
    return tuple(flatten(dict(enumerate(factors)) if isinstance(factors, list) else factors).items())


def build_augment(cfg: DictConfig) -> Augment | None:
    """Build the change of training images, if there is one: a class's object, or a function's rest."""
    from sweeps.data.augment import as_augment

    node = cfg.get("augment")
    if not node or node.get("_target_") is None:
        if keys := [str(name) for name in node or () if name != "_target_"]:
            raise ValueError(f"augment.{keys[0]}={node[keys[0]]} is read by nothing; write augment=flip, say")
        return None
    key = repr(OmegaConf.to_container(node, resolve=True))
    if key not in _built_augments:
        change = _instantiate("augment", node, _partial_=True)
        _built_augments[key] = as_augment(_finish_part("augment", change, {}))
    return _built_augments[key]


def build_loss(cfg: DictConfig, feed: Feed) -> Loss:
    """Build the loss, its lists as tensors, `balanced` weights from the rows that the seed trains on."""
    from sweeps.losses import balance_weights

    arguments: Any = OmegaConf.to_container(cfg.loss, resolve=True)
    if arguments.get("weight") == "balanced" and not feed.is_regression:
        training_rows, _ = feed.split(cfg.seed)
        arguments["weight"] = balance_weights(feed.targets[training_rows], feed.outputs, feed.targets)
    key = repr(arguments)
    if key not in _built_losses:
        tensors = {name: _weights(name, arguments) for name in WEIGHT_KEYS if arguments.get(name) is not None}
        values = {name: value for name, value in arguments.items() if name not in tensors}
        loss = _instantiate("loss", values, _partial_=True)  # Hydra takes no tensors
        _built_losses[key] = _finish_part("loss", loss, tensors)
    return _built_losses[key]


def _finish_part(group: str, part: partial[Any], tensors: Mapping[str, Tensor]) -> Callable[..., Tensor]:
    """Return a class's object, or a function that waits for its tensors."""
    arguments = {**part.keywords, **tensors}
    if not isinstance(part.func, type):
        return partial(part.func, *part.args, **arguments)
    try:
        built: Callable[..., Tensor] = part.func(*part.args, **arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        words = ", ".join(f"{key}={value}" for key, value in arguments.items())
        raise ValueError(f"{group}: {part.func.__qualname__} refuses {words}: {error}") from error
    return built


def _weights(name: str, arguments: Mapping[str, Any]) -> Tensor:
    """Return a list of the loss's arguments as a tensor. Raises ValueError for anything but numbers."""
    import torch

    try:
        return torch.tensor([float(number) for number in arguments[name]])
    except (TypeError, ValueError):
        words = ", or balanced of classes" if name == "weight" else ""
        raise ValueError(
            f"loss.{name}={arguments[name]} must be a list of numbers{words}; write loss.{name}=[1,2], say"
        ) from None


def build_metrics(node: DictConfig) -> tuple[EpochMetric, ...]:
    """Build the metrics that a config lists, the objective first."""
    from sweeps.metrics import EpochMetric

    metrics = []
    options: Any = OmegaConf.to_container(node, resolve=True)
    for key, arguments in options.items():
        if not isinstance(arguments, dict) or "_target_" not in arguments:
            raise ValueError(
                f"metric.{key}={arguments} names no function; write metric.{key}._target_=<module>.<function>"
            )
        description = {name: arguments.pop(name) for name in METRIC_KEYS if name in arguments}
        function = None
        if arguments["_target_"] is not None:
            function = _instantiate(f"metric.{key}", arguments, _partial_=True)
        metrics.append(EpochMetric(str(key), function, **description))
    return tuple(metrics)


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


def build_part(key: str, node: Any) -> Any:
    """Build what a part of the config names, once in a process."""
    return _instantiate(key, node)


def _instantiate(key: str, node: Any, **kwargs: Any) -> Any:
    """Build what a `_target_` names, once in a process: a study's runs share their data and most parts.

    It may name anything: the config is the user's own program.
    """
    arguments: Any = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    config = repr((arguments, kwargs))
    if config not in _built_parts:
        try:
            with execution_whitelist(UNSAFE_DISABLE_EXECUTION_CHECKS, reset=True):
                part = instantiate(arguments, _convert_="all", **kwargs)
            # Hydra's own partial checks its policy in each call, and would take longer than a metric.
            is_partial = isinstance(part, partial)
            _built_parts[config] = partial(part.func, *part.args, **part.keywords) if is_partial else part
        except (InstantiationException, ModuleNotFoundError) as error:
            raise ValueError(
                f"{key}: {_reason(error)}; install its package "
                "(optimizer-sweeps[train,optimizers] brings those of conf/), "
                "or add its file's folder to PYTHONPATH"
            ) from error
        except Exception as error:  # the user's own function may fail in any way
            if str(error).startswith((f"{key}.", f"{key}:")):
                raise
            reason = f"{describe_error(error)}{locate_error(error)}"
            raise ValueError(f"{key}: {arguments['_target_']} fails: {reason}") from error
    return _built_parts[config]


def _reason(error: BaseException) -> str:
    """Return the error's message in one line, with that of its first cause in brackets."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    message = str(error).replace("\n", ", ")
    return message if cause is error else f"{message} ({cause})"
