"""Fully connected networks."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from sweeps.models.parts import build_activation, check_probability, initialise, is_count

NORMS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "none": nn.Identity}


def mlp(
    shape: torch.Size,
    outputs: int,
    *,
    widths: int | Sequence[int],
    dropout: float | Sequence[float],
    norm: str,
    depth: int | None = None,
    activation: str = "ReLU",
    init: str | None = None,
) -> nn.Module:
    """Build hidden layers of linear, norm, activation and dropout, then one to the outputs.

    widths: hidden units, and dropout: its probability, a value for each layer or one for all `depth` layers.
    norm: batch, layer or none; activation: a class of torch.nn; init: a function of torch.nn.init for the
    weights, which leaves biases at 0, or None for torch's own.
    """
    if norm not in NORMS:
        raise ValueError(f"model.norm={norm} is not known; choose one of {', '.join(NORMS)}")
    _check_units(widths, depth)
    hidden_layers = _depth(widths, depth)
    units = _values_of_layers("widths", widths, hidden_layers)
    sizes = [shape.numel(), *units]
    layers: list[nn.Module] = [nn.Flatten()]
    probabilities = [
        check_probability(value) for value in _values_of_layers("dropout", dropout, hidden_layers)
    ]
    for inputs, width, probability in zip(sizes, units, probabilities, strict=False):
        layers += [
            nn.Linear(inputs, width),
            NORMS[norm](width),
            build_activation(activation),
            nn.Dropout(probability),
        ]
    model = nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))
    initialise(model, init)
    return model


def _check_units(widths: Any, depth: Any) -> None:
    """Raise ValueError for hidden layers that aren't whole numbers of at least 1."""
    is_list = isinstance(widths, Sequence) and not isinstance(widths, str)
    units = list(widths) if is_list else [widths]
    if not all(map(is_count, units)):
        raise ValueError(
            f"model.widths={units if is_list else widths} must be whole numbers of at least 1; "
            "write model.widths=[75,45]"
        )
    if depth is not None and not is_count(depth):
        raise ValueError(f"model.depth={depth} must be a whole number of at least 1, or null")


def _depth(widths: int | Sequence[int], depth: int | None) -> int:
    if isinstance(widths, int):
        return 1 if depth is None else depth
    if depth not in (None, len(widths)):
        raise ValueError(
            f"model.depth={depth} contradicts model.widths={list(widths)}; write model.depth=null, "
            f"or one number for model.widths"
        )
    return len(widths)


def _values_of_layers(key: str, values: Any, layers: int) -> list[Any]:
    """Return a value for each layer."""
    if isinstance(values, int | float):
        return [values] * layers
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    if not is_list or len(values) != layers:
        listing = list(values) if is_list else values
        raise ValueError(
            f"model.{key}={listing} must be one value, or one for each of the {layers} layers of model.widths"
        )
    return list(values)
