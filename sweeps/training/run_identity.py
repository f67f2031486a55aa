"""A run's identity: plain values of all parts that decide its result, to tell whether it may continue."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from sweeps.data.augment import describe_augment
from sweeps.losses import CROSS_ENTROPY, describe_loss
from sweeps.metrics import ACCURACY

if TYPE_CHECKING:
    from sweeps.data.feed import Feed
    from sweeps.training.run import Run

# Images that stand for all in a checkpoint: enough to tell data sets and normalisations apart.
SAMPLE_SIZE = 100
# Differences that a message names; one changed width makes a dozen.
MOST_DIFFERENCES = 4
# The options of a run that are a number, or None.
OPTIONS = ("clip_norm", "clip_value", "ema", "mixup")


def identify_run(
    run: Run, device: torch.device, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler
) -> dict[str, Any]:
    """Return a run's plain values by the key that decides each; the parts as built, before the first step."""
    return {
        "seed": run.seed,
        "batch_size": run.batch_size,
        "device": device.type,  # its generators' states fit no other
        **_identify_feed(run.feed),
        "optimizer": _class_name(optimizer),
        **{f"optimizer.{key}": _to_plain(value) for key, value in optimizer.defaults.items()},
        **_identify_options(run),
        **_identify_groups(optimizer),
        "scheduler": _class_name(scheduler),
        "scheduler.interval": run.schedule.interval,
        "scheduler.monitor": run.schedule.monitor,
        **{
            f"scheduler.{key}": _to_plain(value)
            for key, value in scheduler.state_dict().items()
            if not key.startswith("_") and key != "base_lrs"  # the optimizer's
        },
        **describe_loss(run.loss),
        **_identify_metrics(run),
        **_identify_modules(model),
    }


def identify_unbuilt_run(run: Run, device: torch.device) -> dict[str, Any]:
    """Return the identity of a run that is yet to be built.

    From tensors without memory, but for a model that reads its own values.
    """
    try:
        with torch.device("meta"):
            return _build_and_identify(run, device)
    except Exception:  # whatever a model does that needs values
        with torch.random.fork_rng(devices=[]):
            return _build_and_identify(run, device)


def _build_and_identify(run: Run, device: torch.device) -> dict[str, Any]:
    model = run.model(run.feed.shape, run.outputs)
    optimizer = run.build_optimizer(model)
    return identify_run(run, device, model, optimizer, run.schedule.build(optimizer))


def reason_to_refuse(state: Mapping[str, Any], identity: Mapping[str, Any], epochs: int) -> str | None:
    """Return why a run of that identity and number of epochs can't continue from a state, or None."""
    if "run" not in state:
        return "it holds no run"
    if "loss_limit" not in state:
        return "an earlier version wrote it"
    run = state["run"]
    if "loss" not in run:  # written before there was another
        run = {**run, **describe_loss(CROSS_ENTROPY)}
    if "data.augment" in run:  # written when data sets had one of their own
        augment = {} if run["data.augment"] == "None" else {"augment": run["data.augment"]}
        run = {key: value for key, value in run.items() if key != "data.augment"} | augment
    differences = _describe_differences(run, identity)
    if differences:
        surplus = len(differences) - MOST_DIFFERENCES
        if surplus > 0:
            differences = [*differences[:MOST_DIFFERENCES], f"and {surplus} more"]
        return f"it is another run's: {'; '.join(differences)}"
    if state["epochs"] > epochs:
        return f"it has {state['epochs']} epochs done, more than epochs={epochs}"
    return None


def _describe_differences(checkpoint: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """Return what differs; of a part of another class not its arguments, of another layer not its tensors."""
    keys = {**checkpoint, **current}
    different_keys = {key for key in keys if _format_value(checkpoint, key) != _format_value(current, key)}
    return [
        f"{key}={_format_value(checkpoint, key)} there, {_format_value(current, key)} now"
        for key in keys
        if key in different_keys and key.rpartition(".")[0] not in different_keys
    ]


@lru_cache(maxsize=8)  # a stack's runs have one feed, and the labels are many
def _identify_feed(feed: Feed) -> dict[str, Any]:
    if feed.samples is not None:
        sample = zlib.crc32(feed.samples.describe().encode())
    else:
        sample = zlib.crc32(feed.images[:SAMPLE_SIZE].cpu().numpy().tobytes())
    if feed.validation_rows is not None:
        sample = zlib.crc32(feed.validation_rows.cpu().numpy().tobytes(), sample)
    return {
        "data.images": list(feed.images.shape),
        "data.classes": feed.outputs,
        "data.validation": feed.validation,
        "data.checksum": zlib.crc32(feed.targets.cpu().numpy().tobytes(), sample),
    }


def _identify_metrics(run: Run) -> dict[str, Any]:
    """Return what the epochs measure, where it is other than checkpoints have it that name none."""
    keys = [metric.key for metric in run.metrics]
    return {} if keys == [ACCURACY.key] else {"metric": keys}


def _identify_options(run: Run) -> dict[str, Any]:
    """Return the options that are set: checkpoints from before there was one have none of it."""
    options: dict[str, Any] = {key: _to_float(getattr(run, key)) for key in OPTIONS}
    options["patience"] = run.patience
    options["accumulate"] = run.accumulate if run.accumulate > 1 else None
    options["init_from"] = run.init_from.checksum if run.init_from else None
    options["freeze"] = list(run.freeze) or None
    options["lr_factors"] = {key: float(factor) for key, factor in run.lr_factors} or None
    options["augment"] = describe_augment(run.augment) if run.augment else None
    return {key: value for key, value in options.items() if value is not None}


def _to_float(value: float | None) -> float | None:
    """Return a number as text has it that may be 5 or 5.0."""
    return None if value is None else float(value)


def _identify_groups(optimizer: Optimizer) -> dict[str, Any]:
    """Return what the parameter groups have of their own, where there are several."""
    if len(optimizer.param_groups) == 1:
        return {}
    identity = {}
    for number, group in enumerate(optimizer.param_groups):
        identity[f"optimizer.group.{number}.params"] = len(group["params"])
        if "weight_decay" in group:
            identity[f"optimizer.group.{number}.weight_decay"] = _to_plain(group["weight_decay"])
    return identity


def _identify_modules(model: nn.Module) -> dict[str, Any]:
    """Return each layer as torch prints it, dropout's probability included, and each tensor's shape."""
    layers = {
        f"model.{name}": f"{type(module).__name__}({module.extra_repr()})"
        for name, module in model.named_modules()
        if next(module.children(), None) is None
    }
    return layers | {f"model.{name}": list(value.shape) for name, value in model.state_dict().items()}


def _class_name(part: object) -> str:
    return f"{type(part).__module__}.{type(part).__qualname__}"


def _to_plain(value: Any) -> Any:
    """Return a value that a checkpoint may hold and a later process can compare."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _to_plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(part) for part in value]
    return _class_name(value)


def _format_value(values: Mapping[str, Any], key: str) -> str:
    return str(values.get(key, "(absent)"))
