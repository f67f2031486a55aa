"""Fashion-MNIST for the lecture's loop: through a DataLoader as in the lecture, or as plain tensors."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from benchmarks.lecture.loop import Batches
from sweeps.data import idx
from sweeps.data.feed import Feed


@dataclass(frozen=True)
class TensorBatches:
    """Batches of a split's images."""

    feed: Feed
    # Of the split's images.
    rows: Tensor
    batch_size: int
    # Whether each epoch has an order of its own and drops what is left after its last full batch.
    training: bool

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = self.rows[torch.randperm(len(self.rows))] if self.training else self.rows
        end = len(order) // self.batch_size * self.batch_size if self.training else len(order)
        for batch in order[:end].split(self.batch_size):
            yield self.feed.images[batch], self.feed.targets[batch]


def tensor_batches(feed: Feed, seed: int, batch_size: int) -> tuple[Batches, Batches]:
    """Return the batches of a seed's training split, and its validation split as one batch."""
    training, validation = feed.split(seed)
    return (
        TensorBatches(feed, training, batch_size, training=True),
        TensorBatches(feed, validation, len(validation), training=False),
    )


def loaders(root: str, source: str, seed: int, batch_size: int) -> tuple[Batches, Batches]:
    """Load PIL images through transforms, split as the feed of `source` is split for that seed."""
    from torchvision import datasets, transforms

    scaled = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.286,), (0.353,))])
    images = datasets.FashionMNIST(root, train=True, transform=scaled)
    training, validation = load_feed(source).split(seed)
    return (
        DataLoader(Subset(images, training.tolist()), batch_size, shuffle=True, drop_last=True),
        DataLoader(Subset(images, validation.tolist()), batch_size),
    )


@cache
def load_feed(source: str) -> Feed:
    """Load the images as tensors, once a process: 54,000 to train on, 6,000 for validation."""
    return idx("FashionMNIST", source, download=False, validation=6000, normalize=True)


def unpack(source: Path, root: Path) -> None:
    """Lay gzipped IDX files out as torchvision looks for them."""
    folder = root / "FashionMNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for archive in source.glob("*-ubyte.gz"):
        (folder / archive.stem).write_bytes(gzip.decompress(archive.read_bytes()))
