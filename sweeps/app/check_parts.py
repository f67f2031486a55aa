"""Checks that build a run's parts and try them together on the CPU, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import DictConfig
from torch import nn
from torch.optim import Optimizer

from sweeps.app.apart import check_apart, must_stay_forkable
from sweeps.app.check_arguments import check_arguments, write_value
from sweeps.app.check_model import build_model, pass_forward_and_back
from sweeps.app.check_scheduler import check_scheduler
from sweeps.app.reasons import describe_error, locate_error
from sweeps.optimizers import set_mode
from sweeps.parameters import group_by_lr_factor, list_trained

if TYPE_CHECKING:
    from sweeps.training.initial import Weights
    from sweeps.training.run import Run

# Steps that this process has tried: of a large network they take longer than all other checks.
_tried_steps: set[str] = set()


def check_parts(cfg: DictConfig, run: Run) -> None:
    """Raise ValueError for a model, an optimizer or a scheduler that can't train on the feed.

    Torch's random numbers stay as they are.
    """
    if must_stay_forkable():
        check_apart(partial(_try_parts, cfg, run))
    else:
        _try_parts(cfg, run)


def _try_parts(cfg: DictConfig, run: Run) -> None:
    parts: dict[str, Any] = {"model": run.model, "optimizer": run.optimizer, "scheduler": _scheduler(run)}
    names = {group: str(cfg[group]._target_) for group in parts}
    for group, part in parts.items():
        check_arguments(group, part)
    with torch.random.fork_rng(devices=[]):
        with _refusal("model", names, parts):
            model = build_model(run.model, run.feed.shape, run.outputs)
        pass_forward_and_back(
            names["model"], model, run.feed, run.augment, run.loss, run.outputs, run.batch_size
        )
        if run.init_from is not None:
            _show_init(run.init_from, model)
        group_by_lr_factor(list_trained(model, run.freeze), run.lr_factors)  # refuses what fits nothing
        with _refusal("optimizer", names, parts):
            optimizer = run.build_optimizer(model)
        _check_optimizer(names["optimizer"], optimizer)
        with _refusal("scheduler", names, parts):
            scheduler = run.schedule.build(optimizer)
        check_scheduler(names["scheduler"], scheduler, run)


@lru_cache(maxsize=1)
def _show_init(weights: Weights, model: nn.Module) -> None:
    """Print which of a model's tensors the weights don't have. Raises ValueError where they have none."""
    tensors, names = weights.fitting(model), list(model.state_dict())
    new_names = [name for name in names if name not in tensors]
    words = (
        f"; {', '.join(new_names[:4])}{', ...' if len(new_names) > 4 else ''} begin anew" if new_names else ""
    )
    print(f"init_from: {len(tensors)} of the model's {len(names)} tensors{words}", flush=True)


def _scheduler(run: Run) -> Callable[..., Any]:
    """Return the scheduler itself, not its warm-up."""
    part: Any = run.schedule.build
    scheduler: Callable[..., Any] = getattr(part, "keywords", {}).get("build", part)
    return scheduler


@contextmanager
def _refusal(group: str, names: Mapping[str, str], parts: Mapping[str, Any]) -> Iterator[None]:
    """Raise ValueError with a part's name and arguments for whatever its own code raises."""
    try:
        yield
    except Exception as error:  # a part may be the user's own, and fail in any way
        if str(error).startswith((f"{group}.", f"{group}=", f"{group}: ", "weight_decay_on=")):
            raise ValueError(str(error)) from error
        keywords: Mapping[str, Any] = getattr(parts[group], "keywords", {})
        arguments = ", ".join(f"{key}={write_value(value)}" for key, value in keywords.items())
        raise ValueError(
            f"{group}: {names[group]} refuses {arguments or 'its arguments'}: "
            f"{describe_error(error)}{locate_error(error)}"
        ) from error


def _check_optimizer(name: str, optimizer: Optimizer) -> None:
    if not all("lr" in group for group in optimizer.param_groups):
        raise ValueError(
            f"optimizer: {name} has parameter groups without lr, which schedulers change; "
            "give it an argument lr, and pass defaults with lr to torch.optim.Optimizer"
        )
    if (kind := _kind_of_steps(optimizer)) in _tried_steps:
        return
    try:
        set_mode(optimizer, training=True)
        optimizer.step()
        _tried_steps.add(kind)
    except Exception as error:  # the user's own
        raise ValueError(
            f"optimizer: {name} fails in its first step: {describe_error(error)}{locate_error(error)}"
        ) from error


def _kind_of_steps(optimizer: Optimizer) -> str:
    """Return what decides whether a step works: the class, and arguments but for the sizes of numbers."""
    values = {
        key: type(value) if isinstance(value, float) else value for key, value in optimizer.defaults.items()
    }
    sizes = [[parameter.shape for parameter in group["params"]] for group in optimizer.param_groups]
    return repr((type(optimizer), values, hash(str(sizes))))
