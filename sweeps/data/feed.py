"""Labelled images on a device, and their splits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import torch
from torch import Tensor

from sweeps.seeds import seed_for


@dataclass(frozen=True, eq=False)
class Feed:
    """Development images, from which a run's seed draws its validation split, and the fixed test split."""

    # (n, channels, height, width) float32
    images: Tensor
    # (n,) int64
    labels: Tensor
    # As the development split.
    test_images: Tensor
    test_labels: Tensor
    # The number of development images that a run holds out.
    validation: int
    # The number of labels.
    classes: int
    # Changes a batch of training images, (batch, channels, height, width), by a generator's numbers.
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None

    @property
    def shape(self) -> torch.Size:
        """Return the shape of one image: (channels, height, width)."""
        return self.images.shape[1:]

    @property
    def training(self) -> int:
        """Return the number of images that a run trains on."""
        return len(self.labels) - self.validation

    @cache  # noqa: B019 -- a feed lives as long as its process; its copy on the device should too
    def to(self, device: torch.device) -> "Feed":
        """Return the feed with its tensors on `device`, copied there once a process."""
        names = ("images", "labels", "test_images", "test_labels")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    @lru_cache(maxsize=64)  # noqa: B019 -- as above; the runs of a stack have few seeds
    def split(self, seed: int) -> tuple[Tensor, Tensor]:
        """Return the rows of the training and the validation split that belong to a run's seed."""
        training, validation = split_stratified(self.labels.cpu(), self.validation, seed_for(seed, "split"))
        return training.to(self.labels.device), validation.to(self.labels.device)

    def score_guess(self, seed: int, labels: Tensor) -> float:
        """Return the accuracy on labels, in percent, of always naming a training split's commonest class."""
        training, _ = self.split(seed)
        guess = self.labels[training].bincount().argmax()
        return 100 * int((labels == guess).sum()) / len(labels)


def split_stratified(labels: Tensor, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return the rows that remain and `size` rows held out, each class by its share, to within one.

    The shuffled rows are sorted by class and every (n / size)-th is taken.
    """
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.randperm(len(labels), generator=generator)
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    held_out = by_class[(2 * torch.arange(size) + 1) * len(labels) // (2 * size)]
    remains = torch.ones(len(labels), dtype=torch.bool).scatter_(0, held_out, False)
    return remains.nonzero().squeeze(1), held_out.sort().values
