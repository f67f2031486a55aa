"""What makes a run the same run when it goes on: plain values of the parts that decide its result."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from sweeps.optimizers import build_optimizer

if TYPE_CHECKING:
    from sweeps.data.feed import Feed
    from sweeps.training.run import Run

# Images that stand for all in a checkpoint: enough to tell data sets and normalisations apart.
SAMPLED = 100
# Differences that a message names; one changed width makes a dozen.
SHOWN = 4


def identity(
    run: Run, device: torch.device, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler
) -> dict[str, Any]:
    """A run's plain values by the key that decides each; the parts as built, before the first step."""
    return {
        "seed": run.seed,
        "batch_size": run.batch_size,
        "device": device.type,  # its generators' states fit no other
        **_data(run.feed),
        "optimizer": _name(optimizer),
        **{f"optimizer.{key}": _plain(value) for key, value in optimizer.defaults.items()},
        **_groups(optimizer),
        "scheduler": _name(scheduler),
        "scheduler.interval": run.schedule.interval,
        "scheduler.monitor": run.schedule.monitor,
        **{
            f"scheduler.{key}": _plain(value)
            for key, value in scheduler.state_dict().items()
            if not key.startswith("_") and key != "base_lrs"  # the optimizer's
        },
        **_modules(model),
    }


def expected(run: Run, device: torch.device) -> dict[str, Any]:
    """The identity of a run that is yet to be built, found on tensors without memory."""
    with torch.device("meta"):
        model = run.model(run.feed.shape, run.feed.classes)
        optimizer = build_optimizer(run.optimizer, model, run.weight_decay_on)
        return identity(run, device, model, optimizer, run.schedule.build(optimizer))


def objection(state: Mapping[str, Any], wanted: Mapping[str, Any], epochs: int) -> str | None:
    """Why a run of that identity and number of epochs can't go on from a state, if it can't."""
    if "run" not in state:
        return "it holds no run that could go on"
    if differences := _differences(state["run"], wanted):
        more = [f"and {len(differences) - SHOWN} more"] if len(differences) > SHOWN else []
        return f"it is another run's: {'; '.join([*differences[:SHOWN], *more])}"
    if state["epochs"] > epochs:
        return f"it has {state['epochs']} epochs done, more than epochs={epochs}"
    return None


def _differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs; of a part of another class not its arguments, of another layer not its tensors."""
    differ = {key for key in {**there, **now} if _shown(there, key) != _shown(now, key)}
    return [
        f"{key}={_shown(there, key)} there, {_shown(now, key)} now"
        for key in {**there, **now}
        if key in differ and key.rpartition(".")[0] not in differ
    ]


def _data(feed: Feed) -> dict[str, Any]:
    sampled = zlib.crc32(feed.images[:SAMPLED].cpu().numpy().tobytes())
    return {
        "data.images": list(feed.images.shape),
        "data.classes": feed.classes,
        "data.validation": feed.validation,
        "data.augment": _change(feed.augment),
        "data.checksum": zlib.crc32(feed.labels.cpu().numpy().tobytes(), sampled),
    }


def _change(augment: object) -> str:
    """A change of images by its name, and its settings where it is a dataclass; never by an address."""
    return (
        str(augment)
        if augment is None or is_dataclass(augment)
        else getattr(augment, "__qualname__", _name(augment))
    )


def _groups(optimizer: Optimizer) -> dict[str, Any]:
    """What the parameter groups have of their own, where there are several."""
    if len(optimizer.param_groups) == 1:
        return {}
    return {
        f"optimizer.group.{number}.{key}": len(value) if key == "params" else _plain(value)
        for number, group in enumerate(optimizer.param_groups)
        for key, value in group.items()
        if key in ("params", "weight_decay")
    }


def _modules(model: nn.Module) -> dict[str, Any]:
    """Each layer as torch prints it, dropout's probability included, and each tensor's shape."""
    layers = {
        f"model.{name}": f"{type(module).__name__}({module.extra_repr()})"
        for name, module in model.named_modules()
        if next(module.children(), None) is None
    }
    return layers | {f"model.{name}": list(value.shape) for name, value in model.state_dict().items()}


def _name(part: object) -> str:
    return f"{type(part).__module__}.{type(part).__qualname__}"


def _plain(value: Any) -> Any:
    """A value that a checkpoint may hold and a later process can compare."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return _name(value)


def _shown(values: Mapping[str, Any], key: str) -> str:
    return str(values.get(key, "(absent)"))
