"""Changes of training images, drawn anew for each batch on the device where the images are."""

import inspect
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, is_dataclass
from functools import partial
from inspect import Parameter
from typing import Any

import torch
from torch import Tensor, nn

# Changes a batch of training images, (batch, channels, height, width), by a generator's numbers.
Augment = Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class FlipAndCrop:
    """Mirrors images by chance, and cuts each out of its padded self at a random place."""

    # Whether every other image is mirrored, by chance.
    flip: bool = True
    # Pixels that the image's edge is mirrored outwards, and the farthest that it moves.
    padding: int = 4

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Change images (batch, channels, height, width), each by numbers of its own."""
        if self.flip:
            is_mirrored = torch.rand(len(images), generator=generator, device=images.device) < 0.5
            images = torch.where(is_mirrored.view(-1, 1, 1, 1), images.flip(3), images)
        if self.padding:
            images = self._shift(images, generator)
        return images

    def _shift(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count, channels, height, width = images.shape
        device = images.device
        padded_images = nn.functional.pad(images, (self.padding,) * 4, mode="reflect")
        down, right = torch.randint(2 * self.padding + 1, (2, count, 1), generator=generator, device=device)
        rows = (down + torch.arange(height, device=device)).view(count, 1, height, 1)
        columns = (right + torch.arange(width, device=device)).view(count, 1, 1, width)
        image = torch.arange(count, device=device).view(count, 1, 1, 1)
        channel = torch.arange(channels, device=device).view(1, channels, 1, 1)
        return padded_images[image, channel, rows, columns]


@dataclass(frozen=True, eq=False)
class Transform:
    """A change of images that draws from torch's global random numbers, as torchvision's transforms do."""

    transform: Callable[[Tensor], Tensor]

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Change images, with global random numbers that begin where the generator says."""
        device = images.device
        seed = torch.randint(2**62, (), generator=generator, device=device).item()
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(int(seed))
            return self.transform(images)


def as_augment(change: Callable[..., Tensor]) -> Augment:
    """Return a change of images as a function of images and a generator, whether it requires one or not."""
    if _count_required(change.forward if isinstance(change, nn.Module) else change) < 2:
        return Transform(change)
    return change if isinstance(change, Hashable) else partial(change)


def _count_required(function: Callable[..., Any]) -> int:
    """Return how many arguments a function requires; one for what says nothing of it, as torch's own."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return 1
    kinds = [parameter.kind for parameter in parameters if parameter.default is parameter.empty]
    return sum(kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds)


def describe_augment(augment: Any) -> str:
    """Return an augmentation's name and its settings; never an address."""
    if isinstance(augment, Transform):
        return describe_augment(augment.transform)
    if isinstance(augment, partial) and not augment.keywords:
        return describe_augment(augment.func)
    if isinstance(augment, partial):
        settings = [f"{key}={value}" for key, value in augment.keywords.items()]
        return f"{describe_augment(augment.func)}({', '.join(settings)})"
    if is_dataclass(augment) or isinstance(augment, nn.Module):
        return re.sub(r" at 0x[0-9a-f]+", "", str(augment))
    part = augment if hasattr(augment, "__qualname__") else type(augment)
    prefix = "" if part is augment else f"{part.__module__}."
    return f"{prefix}{part.__qualname__}"
