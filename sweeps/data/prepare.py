"""From a data set's bytes to a feed: the options of every data set."""

from collections.abc import Callable
from typing import TypedDict

import torch
from torch import Tensor

from sweeps.data.feed import Feed, split_stratified
from sweeps.seeds import seed_for

Pair = tuple[Tensor, Tensor]


class Options(TypedDict, total=False):
    """The options of every feed."""

    # Zero mean and unit variance of each channel over the development images; else pixels in [0, 1].
    normalize: bool
    # Images held out of the development images, or their share where it is below 1.
    validation: float
    # Development images to keep, each class by its share; None keeps all.
    subset: int | None
    # Share of the development labels that become another class; the test labels stay right.
    label_noise: float
    # Changes each batch of training images.
    augment: Callable[[Tensor, torch.Generator], Tensor] | None


def prepare_feed(development: Pair, test: Pair, options: Options, *, validation: float) -> Feed:
    """Prepare a feed from (images as uint8 (n, channels, height, width), labels) pairs.

    validation: images held out where the options don't say, or their share.
    Which images are kept and which labels are wrong is the same for all seeds.
    Raises ValueError for options that the data set can't meet.
    """
    classes = int(development[1].max()) + 1
    if (subset := options.get("subset")) is not None:
        development = _take_subset(development, subset)
    # In place: the pixels are most of a process's memory.
    images, test_images = (pair[0].to(torch.float32, copy=True).div_(255) for pair in (development, test))
    if options.get("normalize", True):
        _normalize(images, test_images)
    labels = _add_label_noise(development[1].long(), options.get("label_noise", 0.0), classes)
    held_out = _count_held_out(options.get("validation", validation), len(labels))
    return Feed(images, labels, test_images, test[1].long(), held_out, classes, options.get("augment"))


def _take_subset(pair: Pair, subset: int) -> Pair:
    if not 0 < subset <= len(pair[1]):
        raise ValueError(f"data.subset={subset} must be between 1 and the {len(pair[1])} development images")
    _, rows = split_stratified(pair[1], subset, seed_for(0, "subset"))
    return pair[0][rows], pair[1][rows]


def _normalize(images: Tensor, test_images: Tensor) -> None:
    """Give the images' channels zero mean and unit variance, in place, and move the test images likewise."""
    channels = images.unbind(1)
    mean = torch.stack([channel.mean() for channel in channels]).view(-1, 1, 1)
    deviation = torch.stack([channel.std() for channel in channels]).view(-1, 1, 1)
    for part in (images, test_images):
        part.sub_(mean).div_(deviation)


def _add_label_noise(labels: Tensor, share: float, classes: int) -> Tensor:
    if not 0 <= share <= 1:
        raise ValueError(f"data.label_noise={share} must be a share between 0 and 1")
    generator = torch.Generator().manual_seed(seed_for(0, "label noise"))
    noisy = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    # By at least one class and less than a full turn, so that each becomes another.
    shift = torch.randint(1, classes, (len(noisy),), generator=generator)
    return labels.index_put((noisy,), (labels[noisy] + shift) % classes)


def _count_held_out(validation: float, images: int) -> int:
    count = round(validation * images) if validation < 1 else int(validation)
    if not 0 < count < images:
        raise ValueError(
            f"data.validation={validation} must leave training images and hold out at least one of the "
            f"{images} development images; write a share, data.validation=0.1, or a number of images"
        )
    return count
