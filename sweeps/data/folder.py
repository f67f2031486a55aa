"""Images of a user's own, in a folder a class."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import torch
from torch import Tensor

from sweeps.data.arrays import hold_out_test
from sweeps.data.cache import fill_cache
from sweeps.data.feed import Feed
from sweeps.data.prepare import Options, Pair, check_options, prepare_feed

# An image's path, and the number of its class.
Sample = tuple[str, int]

# What the folder of a split may be called.
SPLITS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}
# The modes that PIL decodes images to, by their number of channels.
MODES = {1: "L", 3: "RGB"}


def folder(
    root: str,
    size: int,
    channels: int = 3,
    cache: str | None = None,
    test: float | None = None,
    **options: Unpack[Options],
) -> Feed:
    """Read images of any size and mode: <root>/<class>/*, or <root>/train/<class>/* and val/ and test/.

    size: each image is resized to it on its shorter side and cut square from its middle.
    channels: 3, or 1 for grey. cache: the folder of the decoded images; None: ~/.cache/sweeps.
    test: images held out for the test, or their share, where there is no folder test; None: 0.2.
    Raises ValueError for what can't be read.
    """
    check_options(options)
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ValueError(f"data.size={size} must be a whole number of pixels; write data.size=32")
    if channels not in MODES:
        raise ValueError(f"data.channels={channels} must be 3, or 1 for grey images")
    if not isinstance(root, str):
        raise ValueError(f"data.root={root} names no folder; write data.root=<folder>")
    classes, samples = _list_splits(Path(root).expanduser(), root)
    if "test" in samples and test is not None:
        raise ValueError(f"data.test={test}: {root} has a folder test; write data.test=null")
    if "validation" in samples and options.get("validation") is not None:
        raise ValueError(f"data.validation: {root} has a validation folder; write data.validation=null")
    pairs = _decode_splits(samples, size, channels, cache)
    development = pairs["train"]
    if "test" not in pairs:
        development, pairs["test"] = hold_out_test(development, test, options)
    held_out = pairs.get("validation")
    return prepare_feed(
        development, pairs["test"], options, validation=0.2, held_out=held_out, classes=classes
    )


def _list_splits(path: Path, root: str) -> tuple[list[str], dict[str, list[Sample]]]:
    """Return the classes, and the samples of each split. Raises ValueError where there are none."""
    if not path.is_dir():
        raise ValueError(f"data.root={root} is no folder; name one with data.root=<folder>")
    folders = {
        split: path / name for split, names in SPLITS.items() for name in names if (path / name).is_dir()
    }
    if "train" not in folders:
        folders = {"train": path}
    classes = _list_classes(folders["train"])
    if not classes:
        raise ValueError(f"data.root={root} must hold one folder of images for each class, but holds none")
    for split_path in folders.values():
        if different := sorted(set(_list_classes(split_path)) ^ set(classes)):
            raise ValueError(
                f"data.root: {split_path} and its training split differ in the classes {', '.join(different)}"
            )
    return classes, {split: _list_images(folders[split], classes, root) for split in folders}


def _list_classes(path: Path) -> list[str]:
    """Return the names of the folders, but for those of programs: .ipynb_checkpoints is no class."""
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _list_images(path: Path, classes: Sequence[str], root: str) -> list[Sample]:
    from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset

    suffixes = (*IMG_EXTENSIONS, ".gif")  # which torchvision leaves out, though PIL reads them

    def is_image(file: str) -> bool:
        parts = Path(file).relative_to(path).parts
        return file.lower().endswith(suffixes) and not any(part.startswith(".") for part in parts)

    labels = {name: label for label, name in enumerate(classes)}
    try:
        samples: list[Sample] = make_dataset(path, labels, is_valid_file=is_image)
    except FileNotFoundError as error:
        reason = re.sub(r"\s+", " ", str(error))
        raise ValueError(
            f"data.root={root} must hold one folder of images for each class ({reason})"
        ) from error
    return samples


def _decode_splits(
    samples: dict[str, list[Sample]], size: int, channels: int, cache: str | None
) -> dict[str, Pair]:
    paths = [path for split in samples.values() for path, _ in split]
    decode = partial(_decode_all, size=size, channels=channels)
    images = fill_cache(cache, paths, (channels, size, size), decode)
    pairs, first = {}, 0
    for split, pairs_of_split in samples.items():
        last = first + len(pairs_of_split)
        pairs[split] = images[first:last], torch.tensor([label for _, label in pairs_of_split])
        first = last
    return pairs


def _decode_all(paths: list[str], size: int, channels: int) -> Iterator[Tensor]:
    """Yield each image as bytes: (channels, size, size)."""
    from torchvision.transforms import v2

    transform = v2.Compose([v2.Resize(size, antialias=True), v2.CenterCrop(size), v2.PILToTensor()])
    with ThreadPoolExecutor() as threads:  # PIL decodes without Python's lock
        yield from threads.map(lambda path: transform(_read_image(path, MODES[channels])), paths)


def _read_image(path: str, mode: str) -> Any:
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            image: Image.Image = ImageOps.exif_transpose(file)
            if image.mode.startswith(("I", "F")):
                image = _to_bytes(image)
            if image.mode in ("P", "LA", "PA"):
                image = image.convert("RGBA")
            return image.convert(mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"data.root: {path} can't be read as an image ({error}); remove it") from error


def _to_bytes(image: Any) -> Any:
    """Return an image of 16 bits as one of 8, which PIL's own conversion would clip."""
    import numpy
    from PIL import Image

    values = numpy.asarray(image).astype(numpy.float64)
    scale = 1 / 257 if image.mode.startswith("I") else 255 if values.max() <= 1 else 1
    return Image.fromarray((values * scale).round().clip(0, 255).astype(numpy.uint8))
