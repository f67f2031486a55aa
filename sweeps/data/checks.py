"""What a feed must be before anything is trained on it, and a line that describes it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from sweeps.data.feed import Feed
from sweeps.data.samples import Samples
from sweeps.numbers import format_digits

# Standard deviations of images that differ by more than this factor are of another scale: bytes, say.
MOST_APART = 100
# So many classes are counted and named one by one.
MOST_CLASSES = 10


def check_feed(feed: Any, source: str = "its function") -> Feed:
    """Return the feed. Raises ValueError, with the fix, for one that no network can be trained on.

    source: what returned it.
    """
    if not isinstance(feed, Feed):
        kind = "None" if feed is None else f"a {type(feed).__name__}"
        raise ValueError(f"data: {source} returned {kind}, but must return a sweeps.Feed of tensors")
    _check_tensors(feed)
    return feed


@lru_cache(maxsize=8)  # a process builds the runs of many settings from one feed
def _check_tensors(feed: Feed) -> None:
    for name in ("images", "targets", "test_images", "test_targets"):
        if not isinstance(value := getattr(feed, name), Tensor | Samples):
            raise ValueError(f"data: {name} is {type(value).__name__}; write torch.as_tensor({name})")
    _check_counts(feed)
    for name in ("images", "test_images"):
        images = getattr(feed, name)
        # Of samples that are loaded one by one, the first.
        _check_images(name, images[torch.arange(1)] if feed.is_loaded else images)
    if len(feed.shape) > 1 and not feed.is_loaded:
        _check_scale(feed)
    for name in ("targets", "test_targets"):
        _check_targets(name, getattr(feed, name), feed)
    if len(values := feed.targets.unique(dim=0)) == 1:
        raise ValueError(
            f"data: all {len(feed.targets)} targets are {values[0].tolist()}: there is one class only; "
            "give at least two"
        )
    _check_validation_rows(feed)


def describe_feed(feed: Feed) -> str:
    """Return one line: how many rows each split has, and how many of each class."""
    if feed.is_loaded:
        slow = "each sample is loaded and transformed anew, which is slower, and runs train one by one"
        return f"{_describe_sizes(feed)}; {slow}"
    return _describe_sizes(feed)


def _describe_sizes(feed: Feed) -> str:
    sizes = f"{feed.training:,} training, {feed.validation:,} validation, {len(feed.test_targets):,} test"
    if feed.is_regression:
        return f"data: {sizes}; {feed.outputs} {'value' if feed.outputs == 1 else 'values'} to predict"
    counts = feed.targets.bincount(minlength=feed.outputs).tolist()
    return f"data: {sizes}; {len(counts)} classes of {_describe_counts(counts)}{_name_classes(feed.classes)}"


def _describe_counts(counts: Sequence[int]) -> str:
    if min(counts) == max(counts):
        return f"{counts[0]:,} development rows each"
    if len(counts) > MOST_CLASSES:
        return f"{min(counts):,} to {max(counts):,} development rows"
    return f"{', '.join(map(str, counts))} development rows"


def _name_classes(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = len(names) - MOST_CLASSES
    return f": {', '.join(names[:MOST_CLASSES])}{f' and {more} more' if more > 0 else ''}"


def _check_counts(feed: Feed) -> None:
    if not _is_whole(feed.outputs) or feed.outputs < 1:
        raise ValueError(f"data: outputs={feed.outputs!r} must be a whole number of at least 1")
    if feed.classes and len(feed.classes) != feed.outputs:
        raise ValueError(
            f"data: classes names {len(feed.classes)} classes, but outputs={feed.outputs}; give as many names"
        )
    for images, targets, split in (
        (feed.images, feed.targets, "development"),
        (feed.test_images, feed.test_targets, "test"),
    ):
        if not len(images.shape) or not images.numel():
            raise ValueError(f"data: the {split} split holds no images; give at least one")
        if not len(targets.shape) or len(images) != len(targets):
            raise ValueError(
                f"data: the {split} split holds {len(images)} images, but targets of shape "
                f"{tuple(targets.shape)}; give one target an image"
            )
    if feed.test_images.shape[1:] != feed.images.shape[1:]:
        raise ValueError(
            f"data: test images are {tuple(feed.test_images.shape[1:])}, development images "
            f"{tuple(feed.images.shape[1:])}; give both one shape"
        )
    count = len(feed.targets)
    if not _is_whole(feed.validation) or not 0 < feed.validation < count:
        raise ValueError(
            f"data: validation={feed.validation} must be a whole number from 1 to {count - 1}, "
            f"less than the {count} development images"
        )


def _check_images(name: str, images: Tensor) -> None:
    if images.dtype != torch.float32:
        fix = f"{name}.float() / 255" if images.dtype == torch.uint8 else f"{name}.float()"
        raise ValueError(f"data: {name} must be float32, not {_type_of(images)}; write {fix}")
    if images.requires_grad or images.layout != torch.strided:
        fix = f"{name}.detach()" if images.requires_grad else f"{name}.to_dense()"
        raise ValueError(f"data: {name} must be plain numbers, without gradient and not sparse; write {fix}")
    _check_finite(name, images)


def _check_scale(feed: Feed) -> None:
    """Refuse test images of which one split was divided by 255, say, and the other was not."""
    deviation, test_deviation = feed.images.std().item(), feed.test_images.std().item()
    if max(deviation, test_deviation) > MOST_APART * min(deviation, test_deviation) > 0:
        raise ValueError(
            f"data: test_images vary by {format_digits(test_deviation, 3)}, images by "
            f"{format_digits(deviation, 3)}; scale both splits alike"
        )


def _check_targets(name: str, targets: Tensor, feed: Feed) -> None:
    if targets.dtype == torch.float32 and feed.is_regression:
        _check_values(name, targets, feed.outputs)
        return
    if targets.dtype != torch.int64 or targets.dim() != 1 or feed.is_regression:
        raise ValueError(
            f"data: {name} must be int64 of shape (n,), or in both splits float32 (n, outputs) of a "
            f"regression, not {_type_of(targets)} {tuple(targets.shape)}; "
            "write labels.long(), or .argmax(1) of one-hot rows"
        )
    lowest, highest = int(targets.min()), int(targets.max())
    if lowest < 0 or highest >= feed.outputs:
        wrong = lowest if lowest < 0 else highest
        raise ValueError(
            f"data: {name} must be 0 to {feed.outputs - 1}, as outputs={feed.outputs}, but one is {wrong}; "
            "number the classes from 0"
        )


def _check_values(name: str, values: Tensor, outputs: int) -> None:
    if values.dim() != 2 or values.shape[1] != outputs:
        raise ValueError(
            f"data: {name} of a regression must be float32 of shape (n, {outputs}), as outputs={outputs}, "
            f"not {tuple(values.shape)}; write {name}.view(-1, {outputs}), or .long() where they are classes"
        )
    _check_finite(name, values)
    if outputs > 1 and bool(((values == 0) | (values == 1)).all() and (values.sum(1) == 1).all()):
        raise ValueError(f"data: {name} are one-hot rows; write {name}.argmax(1)")


def _check_finite(name: str, values: Tensor) -> None:
    if values.sum().isfinite():  # exact enough: one NaN or infinity makes the sum one
        return
    bad = ~values.isfinite().flatten(1)
    if bad.any():
        first = int(bad.any(1).nonzero()[0])
        raise ValueError(
            f"data: {name} hold NaN or infinity ({int(bad.sum())} of {values.numel()} values, first in row "
            f"{first}); remove those rows or fill them"
        )


def _check_validation_rows(feed: Feed) -> None:
    rows = feed.validation_rows
    if rows is None:
        return
    if not isinstance(rows, Tensor):
        raise ValueError(f"data: validation_rows is {type(rows).__name__}; write torch.as_tensor(rows)")
    if rows.dtype != torch.int64 or rows.dim() != 1 or len(rows.unique()) != feed.validation:
        raise ValueError(
            f"data: validation_rows must be {feed.validation} different int64 rows, as validation says, "
            f"not {_type_of(rows)} {tuple(rows.shape)}"
        )
    if int(rows.min()) < 0 or int(rows.max()) >= len(feed.targets):
        raise ValueError(f"data: validation_rows must be 0 to {len(feed.targets) - 1}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _type_of(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")
