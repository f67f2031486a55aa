"""From a data set's values to a feed: the options of every data set."""

import difflib
from collections.abc import Iterable
from typing import TypedDict

import torch
from torch import Tensor

from sweeps.data.feed import Feed, split_randomly, split_stratified
from sweeps.numbers import format_digits, is_finite_number
from sweeps.seeds import seed_for

Pair = tuple[Tensor, Tensor]


class Options(TypedDict, total=False):
    """The options of every feed."""

    # Zero mean and unit variance of each channel over the development images; else pixels in [0, 1].
    normalize: bool
    # Images held out of the development images, or their share where it is below 1; None: the default.
    validation: float | None
    # Development images to keep, each class by its share; None keeps all.
    subset: int | None
    # Share of the development labels that become another class; the test labels stay right.
    label_noise: float
    # Whether a split or a subset gives each class its share; else rows are drawn by chance.
    stratify: bool


def prepare_feed(
    development: Pair,
    test: Pair,
    options: Options,
    *,
    validation: float,
    held_out: Pair | None = None,
    classes: Iterable[str] = (),
) -> Feed:
    """Prepare a feed from (images, targets) pairs.

    images: uint8 (n, channels, height, width), or any shape in floats, which aren't divided by 255.
    targets: labels (n,), or a regression's values (n, outputs) float32.
    validation: images held out where the options don't say, or their share.
    held_out: the validation split that every seed has; None: each seed draws its own.
    classes: their names in order, where they have any.
    Which images are kept and which labels are wrong is the same for all seeds.
    Raises ValueError for options that the data set can't meet.
    """
    check_options(options)
    outputs = count_outputs(development[1])
    development = take_subset(development, options)
    size, validation_rows = options.get("validation"), None
    if held_out is None:
        count = count_held_out(validation if size is None else size, len(development[1]))
    else:
        training_count, count = len(development[1]), len(held_out[1])
        validation_rows = torch.arange(training_count, training_count + count)
        development = torch.cat([development[0], held_out[0]]), torch.cat([development[1], held_out[1]])
    images, test_images = to_floats(development[0]), to_floats(test[0])
    if options.get("normalize", True):
        _normalize(images, test_images)
    targets, test_targets = (
        values if values.is_floating_point() else values.long() for values in (development[1], test[1])
    )
    targets = add_label_noise(targets, options.get("label_noise", 0.0), outputs)
    stratify = options.get("stratify", True)
    names = tuple(classes)[:outputs]
    return Feed(images, targets, test_images, test_targets, count, outputs, stratify, validation_rows, names)


def check_options(options: Options) -> None:
    """Raise ValueError for an option that no data set has, or a value of the wrong type."""
    names = list(Options.__annotations__)
    for name in options:
        if name not in names:
            matches = difflib.get_close_matches(name, names, n=1)
            hint = f"; write data.{matches[0]}" if matches else f"; its options are {', '.join(names)}"
            raise ValueError(f"data.{name} is not an option of this data set{hint}")
    for name in ("normalize", "stratify"):
        if not isinstance(value := options.get(name, True), bool):
            raise ValueError(f"data.{name}={value} must be true or false")
    subset, noise = options.get("subset"), options.get("label_noise", 0)
    if subset is not None and not (isinstance(subset, int) and not isinstance(subset, bool)):
        raise ValueError(f"data.subset={subset} must be a whole number of images, or null for all")
    if not is_finite_number(noise) or not 0 <= noise <= 1:
        raise ValueError(f"data.label_noise={noise} must be a share between 0 and 1; write 0 for none")


def count_outputs(targets: Tensor) -> int:
    """Return the width of the last layer: the classes, or a regression's values."""
    if targets.is_floating_point():
        return targets.shape[1]
    return int(targets.max()) + 1 if len(targets) else 0


def take_subset(pair: Pair, options: Options) -> Pair:
    """Return the images and targets that `subset` keeps."""
    if options.get("subset") is None:
        return pair
    rows = take_rows_of_subset(pair[1], options)
    return pair[0][rows], pair[1][rows]


def take_rows_of_subset(targets: Tensor, options: Options) -> Tensor:
    """Return the rows that `subset` keeps."""
    subset, count = options.get("subset"), len(targets)
    if subset is None:
        return torch.arange(count)
    if not 0 < subset <= count:
        raise ValueError(f"data.subset={subset} must be between 1 and the {count} development images")
    return hold_out(targets, subset, seed_for(0, "subset"), options)[1]


def hold_out(targets: Tensor, size: int, seed: int, options: Options) -> tuple[Tensor, Tensor]:
    """Return the rows that remain and `size` held out, by class where there are classes to stratify by."""
    if options.get("stratify", True) and not targets.is_floating_point():
        return split_stratified(targets, size, seed)
    return split_randomly(len(targets), size, seed)


def to_floats(images: Tensor) -> Tensor:
    """Return a float32 copy: bytes become pixels in [0, 1], other numbers stay."""
    floats = images.to(torch.float32, copy=True)
    # In place: the pixels are most of a process's memory.
    return floats.div_(255) if images.dtype == torch.uint8 else floats


def _normalize(images: Tensor, test_images: Tensor) -> None:
    """Give the images' channels zero mean and unit variance, in place, and move the test images likewise."""
    channels = images.unbind(1)
    sizes = (-1, *(1 for _ in images.shape[2:]))
    mean = torch.stack([channel.mean() for channel in channels]).view(sizes)
    deviation = torch.stack([channel.std() for channel in channels]).view(sizes)
    deviation[deviation == 0] = 1  # a channel of one value stays finite
    for part in (images, test_images):
        part.sub_(mean).div_(deviation)


def add_label_noise(labels: Tensor, share: float, classes: int) -> Tensor:
    """Return labels of which a share has become another class."""
    if share == 0:
        return labels
    if labels.is_floating_point() or classes < 2:
        raise ValueError(f"data.label_noise={share} needs two classes at least; write data.label_noise=0")
    generator = torch.Generator().manual_seed(seed_for(0, "label noise"))
    noisy = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    # By at least one class and less than a full turn, so that each becomes another.
    shift = torch.randint(1, classes, (len(noisy),), generator=generator)
    return labels.index_put((noisy,), (labels[noisy] + shift) % classes)


def count_held_out(size: float, count: int, key: str = "validation") -> int:
    """Return how many of `count` rows an option holds out, given as a number or as a share."""
    if not is_finite_number(size):
        raise ValueError(f"data.{key}={size} must be a number of images or a share; write data.{key}=0.1")
    if isinstance(size, float) and size >= 1:
        raise ValueError(
            f"data.{key}={format_digits(size)} is neither a share below 1 nor a whole number; "
            f"write data.{key}=0.1, or data.{key}={max(1, round(size))} images"
        )
    held_out = round(size * count) if size < 1 else int(size)
    if not 0 < held_out < count:
        raise ValueError(
            f"data.{key}={size} must leave training images and hold out at least one of the "
            f"{count} development images; write a share, data.{key}=0.1, or a number of images"
        )
    return held_out
