"""Data of a user's own: arrays and tables, and the checks of every feed."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import torch
from safetensors.torch import save_file

from sweeps import data
from sweeps.data.checks import check_feed, describe_feed
from sweeps.data.feed import Feed


def draw_arrays(count: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, 5, 4), generator=generator, dtype=torch.uint8)
    return images, torch.arange(count) % 3


def write_arrays(path: Path, values: dict[str, torch.Tensor]) -> None:
    if path.suffix == ".npz":
        arrays: dict[str, Any] = {key: value.numpy() for key, value in values.items()}
        numpy.savez(path, **arrays)
    elif path.suffix == ".pt":
        torch.save(values, path)
    else:
        save_file(values, path)


# Arrays


@pytest.mark.parametrize("name", ["a.npz", "a.pt", "a.safetensors"])
def test_arrays_are_read_from_every_kind_of_file_and_each_image_once(name: str, tmp_path: Path) -> None:
    images, labels = draw_arrays()
    write_arrays(tmp_path / name, {"x": images, "y": labels})
    feed = check_feed(data.arrays(str(tmp_path / name), test=0.25, normalize=False))
    assert (feed.training, feed.validation, len(feed.test_targets), feed.outputs) == (36, 9, 15, 3)
    pixels = torch.cat([feed.images, feed.test_images]) * 255
    rows = torch.cat(
        [pixels.round().long().flatten(1), torch.cat([feed.targets, feed.test_targets])[:, None]], 1
    )
    whole = torch.cat([images.long().flatten(1), labels[:, None]], 1)
    assert sorted(rows.tolist()) == sorted(whole.tolist())
    assert feed.test_targets.bincount().tolist() == [5, 5, 5]


def test_the_splits_of_a_file_are_kept_for_every_seed(tmp_path: Path) -> None:
    images, labels = draw_arrays()
    parts = {"train": slice(0, 30), "val": slice(30, 45), "test": slice(45, 60)}
    values = {f"x_{split}": images[rows] for split, rows in parts.items()}
    values |= {f"y_{split}": labels[rows] for split, rows in parts.items()}
    write_arrays(tmp_path / "a.npz", values)
    feed = check_feed(data.arrays(str(tmp_path / "a.npz"), normalize=False, subset=12))
    assert (feed.training, feed.validation) == (12, 15)
    for seed in (0, 1):
        _, held = feed.split(seed)
        assert torch.equal((feed.images[held] * 255).round().to(torch.uint8), images[30:45])
    assert torch.equal((feed.test_images * 255).round().to(torch.uint8), images[45:])


def test_targets_in_floats_are_a_regressions_unless_the_task_says_otherwise(tmp_path: Path) -> None:
    numpy.save(tmp_path / "x.npy", numpy.random.default_rng(0).normal(size=(50, 4)))
    numpy.save(tmp_path / "y.npy", numpy.arange(50) % 2 * 1.0)
    files: dict[str, Any] = {"file": str(tmp_path / "x.npy"), "targets": str(tmp_path / "y.npy")}
    values = check_feed(data.arrays(**files))
    assert (values.is_regression, values.outputs, values.targets.shape) == (True, 1, (40, 1))
    classes = check_feed(data.arrays(**files, task="classification"))
    assert (classes.is_regression, classes.outputs) == (False, 2)
    assert (
        describe_feed(classes)
        == "data: 32 training, 8 validation, 10 test; 2 classes of 20 development rows each"
    )


def test_labels_of_text_are_numbered_in_the_order_of_their_names(tmp_path: Path) -> None:
    labels = numpy.array(["dog", "cat"] * 20)
    numpy.savez(tmp_path / "t.npz", x=numpy.arange(80.0).reshape(40, 2), y=labels)
    feed = check_feed(data.arrays(str(tmp_path / "t.npz"), normalize=False))
    assert feed.classes == ("cat", "dog")
    assert torch.equal(feed.targets, 1 - feed.images[:, 0].long() // 2 % 2)


def test_a_pickle_in_arrays_is_refused_and_the_keys_of_a_file_without_images_are_named(
    tmp_path: Path,
) -> None:
    numpy.savez(tmp_path / "o.npz", x=numpy.array([{}, {}], dtype=object), y=numpy.arange(2))
    with pytest.raises(ValueError, match=r"data\.file=.*o\.npz can't be read.*allow_pickle"):
        data.arrays(str(tmp_path / "o.npz"))
    numpy.savez(tmp_path / "k.npz", pictures=numpy.zeros(3), kinds=numpy.zeros(3))
    with pytest.raises(ValueError, match=r"k\.npz holds pictures, kinds, but no images and targets"):
        data.arrays(str(tmp_path / "k.npz"))


# Tables


def write_frame(path: Path, rows: int = 100) -> pandas.DataFrame:
    random = numpy.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "width": random.normal(5, 3, rows),
            "colour": random.choice(["red", "green", "blue"], rows),
            "kind": random.choice(["cat", "dog"], rows),
        }
    )
    frame.loc[::7, "width"] = numpy.nan
    frame.loc[::9, "colour"] = None
    frame.to_csv(path, index=False)
    return frame


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_is_scaled_filled_and_encoded(name: str, tmp_path: Path) -> None:
    frame = write_frame(tmp_path / "t.csv")
    frame.to_parquet(tmp_path / "t.parquet")
    feed = check_feed(data.table(str(tmp_path / name), "kind"))
    assert (feed.training, feed.validation, len(feed.test_targets), feed.outputs) == (64, 16, 20, 2)
    assert (feed.shape, feed.classes) == ((4,), ("cat", "dog"))
    training, _ = feed.split(0)
    assert feed.images[training, 0].mean().item() == pytest.approx(0, abs=1e-6)
    assert feed.images[training, 0].std(correction=0).item() == pytest.approx(1, abs=1e-6)
    assert feed.images[:, 1:].sum(1).eq(1).all()


def test_a_column_of_flags_beside_whole_numbers_is_one_of_numbers(tmp_path: Path) -> None:
    count, flag = numpy.arange(40) % 7, numpy.arange(40) % 3 == 0
    pandas.DataFrame({"count": count, "flag": flag, "kind": flag}).to_parquet(tmp_path / "t.parquet")
    feed = check_feed(data.table(str(tmp_path / "t.parquet"), "kind", normalize=False))
    assert (feed.shape, feed.images.dtype) == ((2,), torch.float32)
    assert torch.equal(feed.images[:, 1].long(), feed.targets)
    assert set(feed.images[:, 0].tolist()) == set(range(7))


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_in_a_table_is_fitted_on_validation_or_test_rows(seed: int, tmp_path: Path) -> None:
    """The rows that no run trains on become wild: what the training rows are must stay."""
    rows = 100
    frame = pandas.DataFrame({"row": numpy.arange(rows) * 1.0, "x": numpy.arange(rows) % 13 * 1.0})
    frame["x"] = frame["x"].where(numpy.arange(rows) % 5 > 0)
    frame["y"] = numpy.arange(rows) % 2
    frame.to_csv(tmp_path / "t.csv", index=False)
    before = data.table(str(tmp_path / "t.csv"), "y", normalize=False)
    training, _ = before.split(seed)
    trained = before.images[training, 0].long().numpy()
    wild = frame.copy()
    wild.loc[~wild["row"].isin(trained), "x"] = 1e6
    wild.to_csv(tmp_path / "wild.csv", index=False)
    feeds = [data.table(str(tmp_path / name), "y") for name in ("t.csv", "wild.csv")]
    assert torch.equal(feeds[0].images[training], feeds[1].images[training])
    assert not torch.equal(feeds[0].test_images, feeds[1].test_images)


def test_a_table_of_floats_is_a_regression(tmp_path: Path) -> None:
    write_frame(tmp_path / "t.csv").dropna().to_csv(tmp_path / "t.csv", index=False)
    feed = check_feed(data.table(str(tmp_path / "t.csv"), "width", drop=["kind"]))
    assert (feed.is_regression, feed.outputs, feed.shape) == (True, 1, (3,))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "knd"}, r"data\.target=knd is not a column of .*; it has width, colour, kind"),
        ({"target": "width"}, r"data\.target=width is missing in 15 of 100 rows"),
        ({"target": None}, r"data\.target=None is not a column of .*; it has width, colour, kind"),
        ({"target": "kind", "drop": ["size"]}, r"data\.drop=size is not a column"),
        ({"target": "kind", "task": "ranking"}, r"data\.task=ranking"),
        ({"target": "kind", "task": "regression"}, r"data\.task=regression: kind is no column of numbers"),
        ({"target": "kind", "subset": 1000}, r"data\.subset=1000 must be between 2 and the 80"),
        ({"target": "kind", "test": 2000}, r"data\.test=2000 must leave"),
    ],
)
def test_a_table_that_can_not_be_read_as_asked_is_refused(
    arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    write_frame(tmp_path / "t.csv")
    with pytest.raises(ValueError, match=message):
        data.table(str(tmp_path / "t.csv"), **arguments)


# Checks


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
