"""Images of a user's own, in a folder a class."""

import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image

from sweeps import data
from sweeps.data.checks import check_feed


def write_images(root: Path, count: int = 10) -> None:
    """Write images of odd sizes and modes, one folder a class: red ones and blue ones."""
    for name, colour in (("blue", (0, 0, 255)), ("red", (255, 0, 0))):
        (root / name).mkdir(parents=True)
        for number in range(count):
            image = Image.new("RGB", (9 + number, 21 - number), colour)
            mode = ("RGB", "RGBA", "P", "CMYK")[number % 4]
            suffix = {"CMYK": "tiff", "P": "gif"}.get(mode, "png")
            # A GIF goes on to another picture.
            further: dict[str, Any] = {"save_all": True, "append_images": [Image.new("RGB", image.size)]}
            image.convert(mode).save(root / name / f"{number}.{suffix}", **(further if mode == "P" else {}))


def test_images_of_any_size_and_mode_become_square_ones_of_their_colour(tmp_path: Path) -> None:
    write_images(tmp_path / "all")
    feed = check_feed(
        data.folder(
            str(tmp_path / "all"), 6, cache=str(tmp_path / "c"), normalize=False, test=4, validation=4
        )
    )
    assert (feed.training, feed.validation, len(feed.test_targets), feed.outputs) == (12, 4, 4, 2)
    assert feed.shape == (3, 6, 6)
    for image, label in zip(feed.images, feed.targets, strict=True):
        colour = torch.tensor([[0.0, 0, 1], [1, 0, 0]])[label].view(3, 1, 1).expand_as(image)
        assert torch.equal(image, colour)


def test_an_image_of_16_bits_keeps_its_shades(tmp_path: Path) -> None:
    for name, value in (("dark", 257 * 60), ("light", 257 * 200)):
        (tmp_path / "all" / name).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(numpy.full((5, 5), value, numpy.uint16)).save(
                tmp_path / "all" / name / f"{number}.png"
            )
    feed = data.folder(
        str(tmp_path / "all"), 5, 1, str(tmp_path / "c"), normalize=False, test=2, validation=2
    )
    shades = (feed.images[:, 0, 0, 0] * 255).round().long()
    assert torch.equal(shades, torch.tensor([60, 200])[feed.targets])


def test_the_classes_are_the_folders_that_are_not_hidden(tmp_path: Path) -> None:
    write_images(tmp_path / "all")
    before = data.folder(str(tmp_path / "all"), 4, cache=str(tmp_path / "c"))
    assert before.classes == ("blue", "red")
    for hidden in (".ipynb_checkpoints", ".empty", "red/.ipynb_checkpoints"):
        (tmp_path / "all" / hidden).mkdir()
    copied = (tmp_path / "all" / "red" / "0.png").read_bytes()
    for hidden in (".ipynb_checkpoints/0.png", "red/.ipynb_checkpoints/0-checkpoint.png"):
        (tmp_path / "all" / hidden).write_bytes(copied)
    for hidden in (".DS_Store", "red/.DS_Store", "red/._0.png"):
        (tmp_path / "all" / hidden).write_bytes(b"no image")
    feed = data.folder(str(tmp_path / "all"), 4, cache=str(tmp_path / "c"))
    assert (feed.classes, len(feed.targets)) == (before.classes, len(before.targets))


def test_the_folders_of_splits_are_kept_and_must_have_the_same_classes(tmp_path: Path) -> None:
    for split, count in (("train", 8), ("val", 3), ("test", 5)):
        write_images(tmp_path / "all" / split, count)
    feed = check_feed(data.folder(str(tmp_path / "all"), 4, cache=str(tmp_path / "c")))
    assert (feed.training, feed.validation, len(feed.test_targets)) == (16, 6, 10)
    assert torch.equal(feed.split(0)[1], feed.split(1)[1])
    (tmp_path / "all" / "test" / "red").rename(tmp_path / "all" / "test" / "green")
    with pytest.raises(ValueError, match=r"differ in the classes green, red"):
        data.folder(str(tmp_path / "all"), 4, cache=str(tmp_path / "c"))


def test_an_image_is_decoded_once_until_it_changes_and_a_damaged_cache_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(tmp_path / "all")
    calls: list[str] = []
    module = sys.modules["sweeps.data.folder"]
    read = module._read_image

    def note_and_read(path: str, mode: str) -> Any:
        calls.append(path)
        return read(path, mode)

    monkeypatch.setattr(module, "_read_image", note_and_read)

    def count_decoded() -> int:
        calls.clear()
        data.folder(str(tmp_path / "all"), 6, cache=str(tmp_path / "c"))
        return len(calls)

    assert [count_decoded(), count_decoded()] == [20, 0]
    [cache] = (tmp_path / "c").glob("*.npy")
    cache.write_bytes(cache.read_bytes()[:-10])
    assert [count_decoded(), count_decoded()] == [20, 0]
    for damaged in (numpy.zeros((20, 3, 6, 5), "uint8"), numpy.zeros((20, 3, 6, 6), "float32")):
        numpy.save(cache, damaged)  # another program's, under the same name
        assert [count_decoded(), count_decoded()] == [20, 0]
    Image.new("RGB", (3, 3)).save(tmp_path / "all" / "red" / "0.png")
    assert count_decoded() == 20
    assert not list((tmp_path / "c").glob("*.part"))


def test_a_folder_that_can_not_be_read_is_refused_by_key(tmp_path: Path) -> None:
    cache = str(tmp_path / "c")
    with pytest.raises(ValueError, match=r"data\.root=nowhere is no folder"):
        data.folder("nowhere", 4, cache=cache)
    write_images(tmp_path / "all", 2)
    with pytest.raises(ValueError, match=r"data\.size=0 must be"):
        data.folder(str(tmp_path / "all"), 0, cache=cache)
    (tmp_path / "all" / "red" / "1.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"1\.png can't be read as an image"):
        data.folder(str(tmp_path / "all"), 4, cache=cache)
    (tmp_path / "all" / "green").mkdir()
    with pytest.raises(ValueError, match=r"one folder of images for each class .*green"):
        data.folder(str(tmp_path / "all"), 4, cache=cache)
    with pytest.raises(ValueError, match=r"one folder of images for each class, but holds none"):
        data.folder(str(tmp_path / "all" / "green"), 4, cache=cache)
