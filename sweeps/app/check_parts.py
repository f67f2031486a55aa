"""Checks that build a run's parts and try them on a few real rows on the CPU, before anything is trained."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import DictConfig
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter
from torch.optim import Optimizer

from sweeps.app.apart import check_apart, must_stay_forkable
from sweeps.app.check_arguments import check_arguments, write_value
from sweeps.app.check_objective import measured_values
from sweeps.app.memory import limit_weights
from sweeps.app.reasons import describe_error, locate_error
from sweeps.losses import row_losses
from sweeps.optimizers import set_mode
from sweeps.parameters import group_by_lr_factor, list_trained

if TYPE_CHECKING:
    from sweeps.data.augment import Augment
    from sweeps.data.feed import Feed
    from sweeps.losses import Loss
    from sweeps.training.initial import Weights
    from sweeps.training.run import Run

# Rows to try a model on: batch norm wants more than one.
ROWS = 4
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
            model = _build_model(run.model, run.feed.shape, run.outputs)
        _pass_forward_and_back(
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
        _check_scheduler(names["scheduler"], scheduler, run)
    measured = measured_values(run)
    if (monitor := run.schedule.monitor) not in (None, *measured):
        raise ValueError(
            f"scheduler.monitor={monitor} is not measured; write null or one of {', '.join(measured)}"
        )


@lru_cache(maxsize=1)
def _show_init(weights: Weights, model: nn.Module) -> None:
    """Print which of a model's tensors the weights don't have. Raises ValueError where they have none."""
    fitting, names = weights.fitting(model), list(model.state_dict())
    others = [name for name in names if name not in fitting]
    words = f"; {', '.join(others[:4])}{', ...' if len(others) > 4 else ''} begin anew" if others else ""
    print(f"init_from: {len(fitting)} of the model's {len(names)} tensors{words}", flush=True)


def _scheduler(run: Run) -> Callable[..., Any]:
    """Return the scheduler itself, not its warm-up."""
    part: Any = run.schedule.build
    warmed: Callable[..., Any] = getattr(part, "keywords", {}).get("build", part)
    return warmed


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


@lru_cache(maxsize=1)  # the settings of a sweep share it, as they do its pass on real rows
def _build_model(build: Callable[..., nn.Module], shape: torch.Size, outputs: int) -> nn.Module:
    """Build the model for real, as training does."""
    with limit_weights():
        return build(shape, outputs)


@lru_cache(maxsize=1)
def _pass_forward_and_back(
    name: str,
    model: Any,
    feed: Feed,
    augment: Augment | None,
    loss: Loss,
    outputs: int,
    batch_size: int,
) -> None:
    """Leave gradients in the model's parameters. Raises ValueError for what can't be trained."""
    _check_module(name, model)
    count = min(ROWS, batch_size, len(feed.targets))
    images = _augment(augment, feed.images[torch.arange(count)])
    for is_training in (False, True):
        values = _predict(name, model.train(is_training), images)
        _check_outputs(name, values, count, outputs)
    losses = row_losses(loss, values, feed.targets[:count])
    if not losses.isfinite().all():
        raise ValueError(f"loss: it is {losses.tolist()} before any step; mend the loss, or scale the data")
    if not losses.requires_grad:
        part = "loss" if values.requires_grad else f"model: {name}"
        raise ValueError(
            f"{part} has no gradient; leave out .detach(), .item(), argmax, numpy and torch.no_grad()"
        )
    _differentiate(name, losses.mean(), [value for value in model.parameters() if value.requires_grad])


def _check_module(name: str, model: Any) -> None:
    if not isinstance(model, nn.Module):
        raise ValueError(
            f"model: {name} returned {_kind(model)}, but must return a torch.nn.Module; mend its return"
        )
    parameters = dict(model.named_parameters())
    for key, parameter in parameters.items():
        if isinstance(parameter, UninitializedParameter):
            raise ValueError(
                f"model: {name} has lazy layers ({key}); call it once on torch.zeros(2, *shape) "
                "before you return it"
            )
        if parameter.is_meta:
            raise ValueError(f"model: {name} has no memory for {key}; leave out device='meta'")
    if not any(parameter.requires_grad for parameter in parameters.values()):
        count = len(parameters)
        raise ValueError(
            f"model: {name} has no parameter that trains (of {count}, none has requires_grad); leave one free"
        )


def _augment(augment: Augment | None, images: Tensor) -> Tensor:
    if augment is None:
        return images
    try:
        augmented: Any = augment(images.clone(), torch.Generator().manual_seed(0))
    except Exception as error:  # the user's own
        raise ValueError(
            f"augment fails on images of shape {tuple(images.shape)}: "
            f"{describe_error(error)}{locate_error(error)}; write augment=none"
        ) from error
    if not isinstance(augmented, Tensor) or augmented.shape != images.shape:
        raise ValueError(
            f"augment returned {_kind(augmented)} for images of shape {tuple(images.shape)}; "
            "return images of that shape"
        )
    if augmented.dtype != images.dtype or not augmented.isfinite().all():
        raise ValueError("augment must return finite float32 images; mend it, or augment=none")
    return augmented


def _predict(name: str, model: nn.Module, images: Tensor) -> Any:
    try:
        return model(images)
    except Exception as error:  # the user's own
        dtypes = {str(value.dtype).removeprefix("torch.") for value in model.parameters()}
        hint = "" if dtypes == {"float32"} else f"; its weights are {', '.join(sorted(dtypes))}"
        raise ValueError(
            f"model: {name} fails on images of shape {tuple(images.shape)}, float32: "
            f"{describe_error(error)}{locate_error(error)}{hint}"
        ) from error


def _check_outputs(name: str, values: Any, count: int, outputs: int) -> None:
    if not isinstance(values, Tensor):
        raise ValueError(
            f"model: {name} returned {_kind(values)} for {count} images; "
            f"return a tensor of shape ({count}, {outputs})"
        )
    if values.shape != (count, outputs):
        width = f"{values.shape[-1]} outputs" if values.dim() == 2 and len(values) == count else _kind(values)
        raise ValueError(
            f"model: {name} gives {width} for {count} images, but the data need ({count}, {outputs}); "
            "make its last layer as wide as its second argument says"
        )
    if not values.is_floating_point():
        raise ValueError(f"model: {name} returned {_kind(values)}; return numbers before any argmax")
    if not values.isfinite().all():
        raise ValueError(
            f"model: {name} returned NaN or infinity for finite images before any step; "
            "mend its layers or their initialisation"
        )


def _differentiate(name: str, loss: Tensor, parameters: list[nn.Parameter]) -> None:
    try:
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    except Exception as error:  # an autograd.Function of the user's own
        raise ValueError(
            f"model: {name} fails in the backward pass: {describe_error(error)}{locate_error(error)}"
        ) from error
    if all(gradient is None for gradient in gradients):
        raise ValueError(f"model: no parameter of {name} that trains takes part in its output; connect one")
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient


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


def _check_scheduler(name: str, scheduler: Any, run: Run) -> None:
    for method in ("step", "state_dict", "load_state_dict"):
        if not callable(getattr(scheduler, method, None)):
            raise ValueError(
                f"scheduler: {name} returned {_kind(scheduler)} without {method}(); "
                "return a torch.optim.lr_scheduler.LRScheduler"
            )
    _check_monitor(name, scheduler, run)
    total = getattr(scheduler, "total_steps", None)
    needed = count_ticks(run)
    if total is not None and total < needed:
        raise ValueError(
            f"scheduler.total_steps={total} ends before the run's {needed} {run.schedule.interval}s; "
            f"write scheduler.total_steps={needed}"
        )


def _check_monitor(name: str, scheduler: Any, run: Run) -> None:
    """Refuse a scheduler that needs a metric and has none, and one that would take it for an epoch."""
    scheduler = getattr(scheduler, "scheduler", scheduler)  # a warm-up's
    parameters = list(inspect.signature(scheduler.step).parameters.values())
    needs_one = bool(parameters) and parameters[0].default is inspect.Parameter.empty
    takes_one = needs_one and parameters[0].kind is not inspect.Parameter.VAR_KEYWORD
    is_any = bool(parameters) and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL
    if takes_one and not is_any and run.schedule.monitor is None:
        raise ValueError(
            f"scheduler.monitor=null: {name} needs a metric; write scheduler.monitor=validation_loss, say"
        )
    if not takes_one and run.schedule.monitor is not None:
        raise ValueError(
            f"scheduler.monitor={run.schedule.monitor}: {name} watches no metric; "
            "write scheduler.monitor=null"
        )


def count_ticks(run: Run) -> int:
    """Return how often a run steps its scheduler."""
    steps: int = run.epochs * (run.feed.training // run.step_rows)
    warmup: int = getattr(run.schedule.build, "keywords", {}).get("steps", 0)
    if run.schedule.interval == "step":
        return steps - warmup
    return run.epochs - warmup * run.epochs // max(steps, 1)


def _kind(value: Any) -> str:
    """Return what a value is: a tensor's type and shape, or its class."""
    if isinstance(value, Tensor):
        return f"a tensor {str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return "None" if value is None else f"a {type(value).__name__}"
