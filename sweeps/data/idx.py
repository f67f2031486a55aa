"""MNIST and its likes, from files in the IDX format."""

import gzip
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import torch
from torch import Tensor

from sweeps.data.feed import Feed
from sweeps.data.files import list_roots
from sweeps.data.prepare import Options, prepare_feed

# The files of a data set: training images and labels, test images and labels.
PARTS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
# The classes of those that conf/ names.
CLASSES = {"MNIST": 10, "FashionMNIST": 10, "KMNIST": 10}


def idx(name: str, root: str | Sequence[str], download: bool, **options: Unpack[Options]) -> Feed:
    """Read a data set in MNIST's IDX format, by its class name in torchvision.datasets.

    root: the folders searched in turn, each for torchvision's <name>/raw and for the bare files, gzipped
    or not; `download` lets torchvision fetch what is missing into the first.
    Raises ValueError where the files are missing or damaged.
    """
    roots = list_roots(root, download)
    folder = _find_folder(name, roots)
    if folder is None and download:
        _download(name, roots[0])
        folder = _find_folder(name, roots)
    if folder is None:
        _report_absent_parts(name, roots)
        raise ValueError(
            f"data.root={','.join(roots)} holds no {name} files ({PARTS[0]}, gzipped or not, ...); "
            f"name their folder with data.root=<folder>, or pass data.download=true to fetch them"
        )
    images, labels = _read_pair(folder, *PARTS[:2])
    test_images, test_labels = _read_pair(folder, *PARTS[2:])
    highest = max(int(part.max()) for part in (labels, test_labels) if len(part))
    if name in CLASSES and highest >= CLASSES[name]:
        raise ValueError(
            f"data.root: {folder} holds the label {highest}, but {name} has {CLASSES[name]} classes; "
            "replace the files"
        )
    pairs = (images.unsqueeze(1), labels), (test_images.unsqueeze(1), test_labels)
    return prepare_feed(*pairs, options, validation=6000)


def _find_folder(name: str, roots: tuple[str, ...]) -> Path | None:
    for root in roots:
        for folder in (Path(root) / name / "raw", Path(root)):
            if all(_path_of(folder, part).exists() for part in PARTS):
                return folder
    return None


def _report_absent_parts(name: str, roots: tuple[str, ...]) -> None:
    """Raise ValueError where a folder holds some of the files, but not all."""
    for root in roots:
        for folder in (Path(root) / name / "raw", Path(root)):
            absent_parts = [part for part in PARTS if not _path_of(folder, part).exists()]
            if len(absent_parts) < len(PARTS):
                raise ValueError(
                    f"data.root: {folder} lacks {', '.join(absent_parts)}; add it, or pass data.download=true"
                )


def _path_of(folder: Path, part: str) -> Path:
    archive = folder / f"{part}.gz"
    return archive if archive.exists() else folder / part


def _download(name: str, root: str) -> None:
    from torchvision import datasets

    try:
        getattr(datasets, name)(root, download=True)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"data.download=true: {name} could not be fetched into {root}: {error}") from error


def _read_pair(folder: Path, images: str, labels: str) -> tuple[Tensor, Tensor]:
    pair = _read_idx(_path_of(folder, images), 3), _read_idx(_path_of(folder, labels), 1)
    if len(pair[0]) != len(pair[1]):
        raise ValueError(
            f"data.root: {folder} holds {len(pair[0])} images in {images}, "
            f"but {len(pair[1])} labels in {labels}; replace them"
        )
    return pair


def _read_idx(path: Path, dimensions: int) -> Tensor:
    """Read an IDX file of bytes: two zeros, the type (8), the number of sizes, the sizes, the data."""
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if content[:4] != bytes((0, 0, 8, dimensions)):
            raise ValueError(f"it does not start as an IDX file of bytes with {dimensions} sizes")
        start = 4 + 4 * dimensions
        sizes = struct.unpack(f">{dimensions}I", content[4:start])
        return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=start).view(sizes)
    except (EOFError, OSError, ValueError, RuntimeError, struct.error, zlib.error) as error:
        raise ValueError(f"data.root: {path} is damaged ({error}); replace it") from error
