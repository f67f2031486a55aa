"""What every feed is checked for, and how it is described."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

from sweeps import data
from sweeps.data.checks import check_feed, describe_feed
from sweeps.data.feed import Feed

FEED = Feed(torch.rand(20, 1, 8, 8), torch.arange(20) % 4, torch.rand(8, 1, 8, 8), torch.arange(8) % 4, 5, 4)


@pytest.mark.parametrize(
    ("targets", "classes", "text"),
    [
        (FEED.targets, (), "4 classes of 5 development rows each"),
        (FEED.targets, ("a", "b", "c", "d"), "4 classes of 5 development rows each: a, b, c, d"),
        (torch.arange(20) // 12, ("cat", "dog"), "2 classes of 12, 8 development rows: cat, dog"),
        (
            torch.arange(20) % 11,
            tuple("abcdefghijk"),
            "11 classes of 1 to 2 development rows: a, b, c, d, e, f, g, h, i, j and 1 more",
        ),
    ],
)
def test_a_feed_is_described_by_its_classes(
    targets: torch.Tensor, classes: tuple[str, ...], text: str
) -> None:
    feed = replace(FEED, targets=targets, outputs=int(targets.max()) + 1, classes=classes)
    assert describe_feed(feed) == f"data: 15 training, 5 validation, 8 test; {text}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": FEED.images.byte()}, r"images must be float32, not uint8; write images\.float\(\) / 255"),
        ({"test_images": FEED.test_images.double()}, r"test_images must be float32, not float64"),
        ({"images": FEED.images.numpy()}, r"images is ndarray; write torch\.as_tensor"),
        ({"images": FEED.images.clone().index_fill_(0, torch.tensor([5]), torch.nan)}, r"64 of 1280.*row 5"),
        ({"test_images": FEED.test_images / 0}, r"test_images hold NaN or infinity"),
        ({"targets": FEED.targets - 1}, r"targets must be 0 to 3, as outputs=4, but one is -1"),
        (
            {"test_targets": FEED.test_targets + 9},
            r"test_targets must be 0 to 3, as outputs=4, but one is 12",
        ),
        ({"targets": torch.eye(4)[FEED.targets], "test_targets": torch.eye(4)[:1].expand(8, 4)}, r"one-hot"),
        ({"targets": FEED.targets.int()}, r"targets must be int64 of shape \(n,\).* int32 \(20,\)"),
        ({"targets": torch.zeros(20, dtype=torch.long)}, r"all 20 targets are 0: there is one class only"),
        ({"validation": 20}, r"validation=20 must be a whole number from 1 to 19"),
        ({"validation": 0.2}, r"validation=0\.2 must be a whole number"),
        (
            {"test_images": torch.rand(8, 1, 6, 6)},
            r"test images are \(1, 6, 6\), development images \(1, 8, 8\)",
        ),
        (
            {"test_images": FEED.test_images[:0], "test_targets": FEED.targets[:0]},
            r"test split holds no images",
        ),
        ({"test_images": FEED.test_images * 255}, r"test_images vary by 7.*; scale both splits alike"),
        ({"images": FEED.images.clone().requires_grad_()}, r"write images\.detach\(\)"),
        ({"images": FEED.images.to_sparse()}, r"write images\.to_dense\(\)"),
        ({"validation_rows": [1, 2]}, r"validation_rows is list; write torch\.as_tensor"),
        ({"classes": ("cat", "dog")}, r"classes names 2 classes, but outputs=4; give as many names"),
        ({"outputs": "4"}, r"outputs='4' must be a whole number"),
        ({"validation_rows": torch.tensor([0, 1, 2, 3, 20])}, r"validation_rows must be 0 to 19"),
    ],
)
def test_a_feed_that_no_network_can_be_trained_on_is_refused(change: dict[str, Any], message: str) -> None:
    fields = {name: getattr(FEED, name) for name in Feed.__dataclass_fields__}
    with pytest.raises(ValueError, match=message):
        check_feed(Feed(**{**fields, **change}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": "abc"}, r"data\.validation=abc must be a number of images or a share"),
        ({"validation": float("nan")}, r"data\.validation=nan must be a number"),
        ({"subset": "abc"}, r"data\.subset=abc must be a whole number"),
        ({"label_noise": "abc"}, r"data\.label_noise=abc must be a share"),
        ({"normalize": "maybe"}, r"data\.normalize=maybe must be true or false"),
        ({"normalise": True}, r"data\.normalise is not an option of this data set; write data\.normalize"),
    ],
)
def test_an_option_of_the_wrong_type_or_name_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data.digits(**options)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"shape": [3]}, "shape"),
        ({"shape": [3, 32]}, "shape"),
        ({"classes": 0}, "classes"),
        ({"images": 0.5}, "images"),
    ],
)
def test_fake_data_of_no_size_are_refused(change: dict[str, Any], key: str) -> None:
    arguments = {"images": 10, "test_images": 5, "shape": [3, 8, 8], "classes": 2, **change}
    with pytest.raises(ValueError, match=rf"data\.{key}="):
        data.fake(**arguments)


def test_what_is_no_feed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"its function returned a list, but must return a sweeps\.Feed"):
        check_feed([1, 2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"root": None}, r"data\.root=None names no folder"),
        ({"root": 5}, r"data\.root=5 names no folder"),
        ({"root": []}, r"data\.root=\[\] names no folder"),
        ({"root": "x", "download": "maybe"}, r"data\.download=maybe must be true or false"),
    ],
)
@pytest.mark.parametrize("load", [partial(data.idx, "MNIST"), partial(data.cifar, "CIFAR10")])
def test_folders_that_are_none_are_refused(load: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(**{"download": False, **options})


def test_a_share_of_one_is_neither_a_share_nor_an_image() -> None:
    with pytest.raises(ValueError, match=r"data\.validation=1 is neither .* data\.validation=0\.1"):
        data.digits(validation=1.0)
