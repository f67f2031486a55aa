"""Images or rows of a table with their targets, on a device, and their splits."""

import logging
import math
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import torch
from torch import Tensor

from sweeps.data.samples import Samples
from sweeps.seeds import seed_for

# Of a device's free memory, what images may take: the rest is the networks'.
IMAGE_SHARE = 0.8


@dataclass(frozen=True, eq=False)
class Feed:
    """Development images, from which a run's seed draws its validation split, and the fixed test split."""

    # (n, channels, height, width) float32, or (n, columns) of a table; Samples stand for a tensor.
    images: Tensor
    # Classes, (n,) int64, or a regression's values, (n, outputs) float32.
    targets: Tensor
    # As the development split.
    test_images: Tensor
    test_targets: Tensor
    # The number of development images that a run holds out.
    validation: int
    # The width of the network's last layer: classes, or a regression's values.
    outputs: int
    # Whether each class has its share of the validation split; nothing of the kind exists for a regression.
    stratify: bool = True
    # (validation,) int64: the rows that every run holds out; None: each seed draws its own.
    validation_rows: Tensor | None = None
    # The names of the classes, in the order of their numbers, where they have any.
    classes: tuple[str, ...] = ()
    # Whether the images stay in host memory, the targets alone being on the device.
    on_host: bool = False

    @property
    def is_regression(self) -> bool:
        """Return whether the targets are values rather than classes."""
        return self.targets.is_floating_point()

    @property
    def is_loaded(self) -> bool:
        """Return whether each batch is loaded anew, sample by sample."""
        return self.samples is not None

    @property
    def samples(self) -> Samples | None:
        """Return what loads the development images, where no tensor holds them."""
        images: Any = self.images
        return images if isinstance(images, Samples) else None

    @property
    def shape(self) -> torch.Size:
        """Return the shape of one image, (channels, height, width), or of one row, (columns,)."""
        return self.images.shape[1:]

    @property
    def training(self) -> int:
        """Return the number of images that a run trains on."""
        return len(self.targets) - self.validation

    @cache  # noqa: B019 -- a feed lives as long as its process; its copy on the device should too
    def to(self, device: torch.device) -> "Feed":
        """Return the feed with its tensors on `device`, copied there once a process.

        Images that don't fit stay in host memory, and `take_rows` copies each batch.
        """
        names = ["targets", "test_targets"]
        size = self.images.nbytes + self.test_images.nbytes
        on_host = self.is_loaded or size > measure_room(device)
        if on_host and not self.is_loaded:
            logging.getLogger(__name__).warning(
                "data: the images (%.1f GB) don't fit on %s; they stay in host memory and go over in batches",
                size / 1e9,
                device,
            )
        elif not on_host:
            names += ["images", "test_images"]
        return replace(self, **{name: getattr(self, name).to(device) for name in names}, on_host=on_host)

    @lru_cache(maxsize=64)  # noqa: B019 -- as above; the runs of a stack have few seeds
    def split(self, seed: int) -> tuple[Tensor, Tensor]:
        """Return the rows of the training and the validation split that belong to a run's seed."""
        training, validation = self._draw_split(seed_for(seed, "split"))
        return training.to(self.targets.device), validation.to(self.targets.device)

    def _draw_split(self, seed: int) -> tuple[Tensor, Tensor]:
        if self.validation_rows is not None:
            return split_at(self.validation_rows.cpu(), len(self.targets))
        if self.stratify and not self.is_regression:
            return split_stratified(self.targets.cpu(), self.validation, seed)
        return split_randomly(len(self.targets), self.validation, seed)

    def score_guess(self, seed: int, labels: Tensor) -> float:
        """Return the accuracy on labels, in percent, of always naming a training split's commonest class.

        A regression has no classes, and no such score.
        """
        training, _ = self.split(seed)
        guess = self.targets[training].bincount().argmax()
        return 100 * int((labels == guess).sum()) / len(labels)


def measure_room(device: torch.device) -> float:
    """Return the bytes that images may take on a device; the host's own memory has no limit."""
    if device.type != "cuda":
        return math.inf
    return IMAGE_SHARE * torch.cuda.mem_get_info(device)[0]


def take_rows(feed: Feed, rows: Tensor, out: Tensor) -> None:
    """Write a feed's images of `rows`, (batch,), to `out`, (batch, *shape), on the device of the targets."""
    if not feed.on_host:
        torch.index_select(feed.images, 0, rows, out=out)
        return
    images = feed.images[rows.cpu()]
    if out.is_cuda:
        images = images.pin_memory()  # copied while the host goes on; torch keeps it until then
    out.copy_(images, non_blocking=True)


def announce(feed: Feed, batches: Tensor, seed: int) -> None:
    """Let samples that are loaded one by one be loaded ahead: an epoch's batches, (steps, 1, batch)."""
    if feed.samples is not None:
        feed.samples.expect(list(batches.flatten(1).cpu()), seed)


def split_stratified(labels: Tensor, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return the rows that remain and `size` rows held out, each class by its share, to within one.

    The shuffled rows are sorted by class and every (n / size)-th is taken.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    by_class = order[labels[order].argsort(stable=True)]
    held_out = by_class[(2 * torch.arange(size) + 1) * len(labels) // (2 * size)]
    return split_at(held_out, len(labels))


def split_randomly(count: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return the rows that remain of `count`, and `size` rows held out, whatever their targets."""
    generator = torch.Generator().manual_seed(seed)
    return split_at(torch.randperm(count, generator=generator)[:size], count)


def split_at(held_out: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the rows of `count` that remain, and those held out, both in order."""
    remains = torch.ones(count, dtype=torch.bool).scatter_(0, held_out, False)
    return remains.nonzero().squeeze(1), held_out.sort().values
