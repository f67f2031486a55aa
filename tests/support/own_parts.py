"""Models, optimizers and schedulers of a user's own, right and wrong in one thing each."""

from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import Tensor, nn


class Changed(nn.Module):
    """A linear layer whose outputs go through a function."""

    def __init__(self, shape: torch.Size, outputs: int, change: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.layer = nn.Linear(shape.numel(), outputs)
        self.change = change

    def forward(self, images: Tensor) -> Any:
        return self.change(self.layer(images.flatten(1)))


CHANGES: dict[str, Callable[[Tensor], Any]] = {
    "tuple": lambda values: (values, values),
    "dict": lambda values: {"logits": values},
    "numpy": lambda values: values.detach().numpy(),
    "detached": lambda values: values.detach(),
    "narrow": lambda values: values[:, 1:],
    "scalar": lambda values: values.mean(),
    "classes": lambda values: values.argmax(1),
    "whole": lambda values: values.long(),
    "nan": lambda values: values * torch.nan,
    "key": lambda values: {"values": values}["logits"],
}


def changed(shape: torch.Size, outputs: int, change: str) -> nn.Module:
    """Build a network that returns something else than a number for each output."""
    return Changed(shape, outputs, CHANGES[change])


def linear(shape: torch.Size, outputs: int) -> nn.Sequential:
    """Build a linear network."""
    return nn.Sequential(nn.Flatten(), nn.Linear(shape.numel(), outputs))


def nothing(*_: Any, **__: Any) -> Any:
    """Return None."""


def lazy(_: torch.Size, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(outputs))


def half(shape: torch.Size, outputs: int) -> nn.Module:
    return linear(shape, outputs).half()


def frozen(shape: torch.Size, outputs: int) -> nn.Module:
    return linear(shape, outputs).requires_grad_(False)


def empty(_: torch.Size, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.AdaptiveAvgPool1d(outputs))


def memoryless(shape: torch.Size, outputs: int) -> nn.Module:
    return linear(shape, outputs).to("meta")


def huge(shape: torch.Size, outputs: int) -> nn.Module:
    """Build a network of a terabyte, of which nothing is written."""
    model = linear(shape, outputs)
    for number in range(1000):
        model.register_parameter(f"weight{number}", nn.Parameter(torch.empty(2**28)))
    return model


def vast(shape: torch.Size, outputs: int) -> nn.Module:
    return nn.Sequential(linear(shape, outputs), nn.Linear(10**7, 10**7))


def unused(shape: torch.Size, outputs: int) -> nn.Module:
    return Changed(shape, outputs, lambda values: torch.zeros(len(values), outputs, requires_grad=True))


def reading(shape: torch.Size, outputs: int) -> nn.Module:
    """Build a linear network by its own values and numpy's, which tensors without memory can't give."""
    model: Any = linear(shape, outputs)
    weights = numpy.random.default_rng(0).normal(size=(outputs, shape.numel()))
    scale = model[1].bias[0].item()
    model[1].weight.data = torch.from_numpy(weights).float() * scale
    return nn.Sequential(model)


class WithoutLr(torch.optim.Optimizer):
    """An optimizer without a learning rate."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {})


class Failing(torch.optim.SGD):
    """An optimizer whose step fails."""

    def step(self, closure: Any = None) -> Any:  # noqa: ARG002 -- torch's signature
        return {"second": self.state}["first"]


def plain(*_: Any) -> Any:
    """Return an object that is no optimizer and no scheduler."""
    return object()
