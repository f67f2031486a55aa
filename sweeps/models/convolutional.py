"""Networks of convolutions, for images of any size."""

from collections.abc import Sequence

import torch
from torch import nn

from sweeps.models.parts import build_activation, check_probability, initialise, is_count

IMAGE_NORMS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm2d, "none": nn.Identity}


def cnn(
    shape: torch.Size,
    outputs: int,
    *,
    channels: Sequence[int],
    dropout: float,
    norm: str,
    activation: str = "ReLU",
    init: str | None = None,
) -> nn.Module:
    """Build blocks of a 3 x 3 convolution, norm, activation and a pooling that halves, then a linear layer.

    channels: what each block's convolution makes; dropout: its probability before the linear layer.
    norm: batch or none; activation and init as in `mlp`.
    """
    if norm not in IMAGE_NORMS:
        raise ValueError(f"model.norm={norm} is not known; choose one of {', '.join(IMAGE_NORMS)}")
    if not isinstance(channels, Sequence) or isinstance(channels, str) or not all(map(is_count, channels)):
        raise ValueError(
            f"model.channels={channels} must be whole numbers of at least 1; write model.channels=[32,64,128]"
        )
    if len(shape) != 3:
        raise ValueError(
            f"model=cnn takes images, but the data are rows of {shape.numel()} columns; write model=mlp"
        )
    check_probability(dropout)
    side = min(shape[1:]) >> len(channels)
    if side < 1:
        raise ValueError(
            f"model.channels={list(channels)} halve images of {shape[1]} x {shape[2]} pixels to nothing; "
            f"write fewer"
        )
    layers: list[nn.Module] = []
    for inputs, width in zip((shape[0], *channels), channels, strict=False):
        convolution = nn.Conv2d(inputs, width, 3, padding=1)
        layers += [convolution, IMAGE_NORMS[norm](width), build_activation(activation), nn.AvgPool2d(2)]
    features = (shape[0], *channels)[-1] * (shape[1] >> len(channels)) * (shape[2] >> len(channels))
    model = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(features, outputs))
    initialise(model, init)
    return model


def resnet18(shape: torch.Size, outputs: int) -> nn.Module:
    """Build torchvision's ResNet-18, begun for small images: a 3 x 3 convolution and no pooling."""
    from torchvision.models.resnet import BasicBlock, ResNet

    if len(shape) != 3:
        raise ValueError(
            f"model=resnet18 takes images, but the data are rows of {shape.numel()} columns; write model=mlp"
        )
    model: nn.Module = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=outputs)
    model.conv1 = nn.Conv2d(shape[0], 64, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")  # as torchvision's own
    model.maxpool = nn.Identity()
    return model
