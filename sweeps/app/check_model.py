"""Checks of a model, by a pass of a few real rows forward and back on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from sweeps.app.memory import limit_weights
from sweeps.app.reasons import describe_error, describe_kind, locate_error
from sweeps.losses import row_losses

if TYPE_CHECKING:
    from sweeps.data.augment import Augment
    from sweeps.data.feed import Feed
    from sweeps.losses import Loss

# Rows to try a model on: batch norm wants more than one.
ROWS = 4


@lru_cache(maxsize=1)  # the settings of a sweep share it, as they do its pass on real rows
def build_model(build: Callable[..., nn.Module], shape: torch.Size, outputs: int) -> nn.Module:
    """Build the model for real, as training does."""
    with limit_weights():
        return build(shape, outputs)


@lru_cache(maxsize=1)
def pass_forward_and_back(
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
            f"model: {name} returned {describe_kind(model)}, but must return a torch.nn.Module; "
            "mend its return"
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
            f"augment returned {describe_kind(augmented)} for images of shape {tuple(images.shape)}; "
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
            f"model: {name} returned {describe_kind(values)} for {count} images; "
            f"return a tensor of shape ({count}, {outputs})"
        )
    if values.shape != (count, outputs):
        is_matrix = values.dim() == 2 and len(values) == count
        width = f"{values.shape[-1]} outputs" if is_matrix else describe_kind(values)
        raise ValueError(
            f"model: {name} gives {width} for {count} images, but the data need ({count}, {outputs}); "
            "make its last layer as wide as its second argument says"
        )
    if not values.is_floating_point():
        raise ValueError(f"model: {name} returned {describe_kind(values)}; return numbers before any argmax")
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
