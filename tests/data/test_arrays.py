"""Arrays of a user's own: their files, keys, splits and targets."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from safetensors.torch import save_file

from sweeps import data
from sweeps.data.checks import check_feed, describe_feed


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
