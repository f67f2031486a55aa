"""Labelled images on a device, and their splits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

from sweeps.seeds import seed_for


@dataclass(frozen=True, eq=False)
class Feed:
    """Development images, from which a run's seed draws its validation split, and the fixed test split.

    images: (n, channels, height, width) float32; labels: (n,) int64; the test split alike.
    validation: how many development images a run holds out; classes: how many labels there are.
    augment: changes a batch of training images, (batch, channels, height, width), by a generator's numbers.
    """

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    validation: int
    classes: int
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None

    @property
    def shape(self) -> torch.Size:
        """Shape of one image: (channels, height, width)."""
        return self.images.shape[1:]

    @property
    def training(self) -> int:
        """How many images a run trains on."""
        return len(self.labels) - self.validation

    @property
    def chance(self) -> float:
        """Accuracy of guessing, in percent."""
        return 100 / self.classes

    @cache  # noqa: B019 -- a feed lives as long as its process; its copy on the device should too
    def to(self, device: torch.device) -> "Feed":
        """The feed with its tensors on `device`, copied there once a process."""
        names = ("images", "labels", "test_images", "test_labels")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    def split(self, seed: int) -> tuple[Tensor, Tensor]:
        """Rows of the training and of the validation split that belong to a run's seed."""
        rest, held = stratified(self.labels.cpu(), self.validation, seed_for(seed, "split"))
        return rest.to(self.labels.device), held.to(self.labels.device)


def stratified(labels: Tensor, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Rows left and rows held out: `size` of them, each class by its share, to within one.

    The shuffled rows are sorted by class and every (n / size)-th is taken.
    """
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.randperm(len(labels), generator=generator)
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    held = by_class[(2 * torch.arange(size) + 1) * len(labels) // (2 * size)]
    left = torch.ones(len(labels), dtype=torch.bool).scatter_(0, held, False)
    return left.nonzero().squeeze(1), held.sort().values
