"""The models that `conf/model/` names, each built for a feed's image shape and number of classes."""

from collections.abc import Sequence

import torch
from torch import nn

NORMS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "none": nn.Identity}


def mlp(
    shape: torch.Size, classes: int, *, widths: Sequence[int], dropout: Sequence[float], norm: str
) -> nn.Module:
    """Hidden layers of linear, norm, ReLU and dropout, then a linear layer to the classes.

    widths: hidden units a layer; dropout: its probability in each; norm: batch, layer or none.
    """
    if norm not in NORMS:
        raise ValueError(f"model.norm={norm} is not known; choose one of {', '.join(NORMS)}")
    if len(widths) != len(dropout):
        raise ValueError(
            f"model.dropout={list(dropout)} must hold one value for each of model.widths={list(widths)}"
        )
    sizes = [shape.numel(), *widths]
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs, probability in zip(sizes, widths, dropout, strict=False):
        layers += [nn.Linear(inputs, outputs), NORMS[norm](outputs), nn.ReLU(), nn.Dropout(probability)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], classes))
