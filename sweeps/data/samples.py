"""Images that a dataset of a user's own loads and transforms one by one, by torch's DataLoader."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

# Samples that a process loads at once where nobody has said which come next.
LOADED_TOGETHER = 64
# What evaluation draws by chance, if it draws, is the same each time.
EVALUATION_SEED = 0


@dataclass(eq=False)
class Samples:
    """Rows of a dataset, in place of a tensor of images."""

    # As they are trained on, and as they are evaluated, by the same index.
    train: Any
    evaluation: Any
    # (n,) int64: the indices of the rows in the datasets
    indices: Tensor
    # (channels, height, width), say
    image_shape: torch.Size
    # Processes that load ahead; 0: this one loads.
    workers: int = 0
    # The batches to come, and what loads them.
    _next_batches: list[Tensor] = field(default_factory=list, repr=False)
    _batches: Iterator[Tensor] | None = field(default=None, repr=False)

    @property
    def dtype(self) -> torch.dtype:
        """Return the type of its images."""
        return torch.float32

    @property
    def device(self) -> torch.device:
        """Return where its images are before they go over."""
        return torch.device("cpu")

    @property
    def nbytes(self) -> int:
        """Return 0: none of its images stays in memory."""
        return 0

    def numel(self) -> int:
        """Return how many numbers a tensor of all images would have."""
        return self.shape.numel()

    @property
    def shape(self) -> torch.Size:
        """Return the shape that a tensor of all images would have."""
        return torch.Size((len(self.indices), *self.image_shape))

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, rows: Tensor | slice) -> Any:
        """Return the images of rows, or some of the samples for a slice."""
        if isinstance(rows, slice):
            return self.select(torch.arange(len(self))[rows])
        return self._load(rows.flatten()).view(*rows.shape, *self.image_shape)

    def select(self, rows: Tensor) -> Samples:
        """Return the samples of rows."""
        return replace(self, indices=self.indices[rows], _next_batches=[], _batches=None)

    def expect(self, batches: Sequence[Tensor], seed: int) -> None:
        """Begin to load an epoch's batches, each of rows (batch,), as they are trained on.

        What transforms draw by chance depends on the seed and the sample alone, not on who loads it.
        """
        self._next_batches = list(batches)
        indices = [self.indices[batch].tolist() for batch in batches]
        source = SeededImages(self.train, seed)
        self._batches = iter(DataLoader(source, batch_sampler=indices, num_workers=self.workers))

    def _load(self, rows: Tensor) -> Tensor:
        if self._batches is not None and self._next_batches and torch.equal(rows, self._next_batches[0]):
            self._next_batches.pop(0)
            return next(self._batches)
        source = SeededImages(self.evaluation, EVALUATION_SEED)
        parts = [part.tolist() for part in self.indices[rows].split(LOADED_TOGETHER)]
        return torch.cat(list(DataLoader(source, batch_sampler=parts, num_workers=self.workers)))

    def describe(self) -> str:
        """Return what tells one dataset from another: classes, and which rows."""
        kinds = [type(part) for part in (self.train, self.evaluation)]
        names = [f"{kind.__module__}.{kind.__qualname__}" for kind in kinds]
        return f"{names} {self.image_shape} {self.indices.tolist()}"


class SeededImages(Dataset[Tensor]):
    """A dataset's images, each by random numbers of its own."""

    def __init__(self, dataset: Any, seed: int) -> None:
        self.dataset, self.seed = dataset, seed

    def __getitem__(self, index: int) -> Tensor:
        with random_numbers((self.seed * 1_000_003 + index) % 2**63):
            return to_image(self.dataset[index][0])


@contextmanager
def random_numbers(seed: int) -> Iterator[None]:
    """Let transforms draw from a seed, and leave the numbers of training as they were."""
    before = torch.get_rng_state(), random.getstate(), numpy.random.get_state()
    torch.default_generator.manual_seed(seed)  # the CPU's alone
    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    try:
        yield
    finally:
        torch.set_rng_state(before[0])
        random.setstate(before[1])
        numpy.random.set_state(before[2])


def to_image(value: Any) -> Tensor:
    """Return an image as float32: bytes and PIL's images become pixels in [0, 1], other numbers stay."""
    if type(value).__module__.startswith("PIL."):
        from torchvision.transforms.functional import pil_to_tensor

        value = pil_to_tensor(value)
    image = torch.as_tensor(value)
    return image.float() / 255 if image.dtype == torch.uint8 else image.float()
