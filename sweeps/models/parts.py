"""Parts of models: activations and initialisations of torch.nn, by name."""

from collections.abc import Callable
from typing import Any

from torch import nn


def build_activation(name: str) -> nn.Module:
    """Build a layer of torch.nn by its class's name. Raises ValueError for a name that is none."""
    layer = getattr(nn, str(name), None)
    if not (isinstance(layer, type) and issubclass(layer, nn.Module)) or layer is nn.Module:
        raise ValueError(f"model.activation={name} is no layer of torch.nn; write ReLU, GELU, SiLU or Tanh")
    try:
        return layer()
    except TypeError as error:
        raise ValueError(
            f"model.activation={name} takes arguments of its own; write ReLU, GELU, SiLU or Tanh"
        ) from error


def check_probability(dropout: object) -> float:
    """Return a dropout's probability. Raises ValueError for what isn't one."""
    # A NaN compares as nothing does.
    if not isinstance(dropout, int | float) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(f"model.dropout={dropout} must be between 0 and 1; write model.dropout=0.5")
    return dropout


def is_count(value: object) -> bool:
    """Return whether a value is a whole number of at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def initialise(model: nn.Module, name: str | None) -> None:
    """Draw the weights by a function of torch.nn.init, and zero the biases; None leaves torch's own.

    The weights of linear and convolutional layers, that is. Raises ValueError for an unknown function.
    """
    if name is None:
        return
    draw: Callable[[Any], Any] | None = getattr(nn.init, f"{name}_", None)
    if draw is None:
        raise ValueError(
            f"model.init={name} is no function of torch.nn.init; write kaiming_normal, xavier_uniform, "
            f"orthogonal or another, or null for torch's own"
        )
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            draw(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
