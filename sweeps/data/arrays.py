"""Arrays of a user's own, from a file of numpy, torch or safetensors."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Unpack

import numpy
import torch
from torch import Tensor

from sweeps.data.feed import Feed
from sweeps.data.files import file_at, require
from sweeps.data.prepare import Options, Pair, check_options, count_held_out, hold_out, prepare_feed

# The keys that are read, the first that is there: of the images, and of their targets.
IMAGES = ("images", "x", "X", "data", "inputs", "features")
TARGETS = ("labels", "y", "Y", "targets", "target")
# What stands before or after a key of each split; the development split may bear none.
SPLITS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}


def arrays(
    file: str,
    targets: str | None = None,
    task: str | None = None,
    test: float | None = None,
    **options: Unpack[Options],
) -> Feed:
    """Read images or rows, and their targets, from an .npz, .npy, .pt or .safetensors file.

    targets: a second file, for a file of one bare array; task: as in `to_targets`.
    test: images held out for the test, or their share, where the file has no test split; None: 0.2.
    A grey image may lack its channel: (n, height, width).
    Raises ValueError for what can't be read, with the keys that were found.
    """
    check_options(options)
    splits = _pair_splits(_read(file, targets), file)
    names = _class_names(splits, task)
    pairs = {name: (_to_images(x), to_targets(y, task, names)) for name, (x, y) in splits.items()}
    development = pairs["train"]
    if "test" not in pairs:
        development, pairs["test"] = hold_out_test(development, test, options)
    elif test is not None:
        raise ValueError(f"data.test={test}: {file} has a test split of its own; write data.test=null")
    held_out = pairs.get("validation")
    if held_out is not None and options.get("validation") is not None:
        raise ValueError(f"data.validation: {file} has a validation split of its own; write null")
    classes = () if names is None else names.tolist()
    return prepare_feed(
        development, pairs["test"], options, validation=0.2, held_out=held_out, classes=classes
    )


def hold_out_test(pair: Pair, test: float | None, options: Options) -> tuple[Pair, Pair]:
    """Return development and test images, the same whatever a run's seed."""
    size = count_held_out(0.2 if test is None else test, len(pair[1]), "test")
    development, rows = hold_out(pair[1], size, 0, options)
    return (pair[0][development], pair[1][development]), (pair[0][rows], pair[1][rows])


def to_targets(values: Any, task: str | None, names: Any = None) -> Tensor:
    """Return labels, int64 (n,), or a regression's values, float32 (n, outputs).

    task: regression, classification, or None: values in floats are a regression's.
    names: the classes in order, where the values are text.
    """
    if task not in (None, "regression", "classification"):
        raise ValueError(f"data.task={task} is not known; write regression, classification or null")
    array = numpy.asarray(values)
    if array.dtype.kind in "US":
        if task == "regression":
            raise ValueError("data.task=regression: the targets are text; write data.task=classification")
        return torch.from_numpy(numpy.searchsorted(names, array.ravel()))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if task == "regression" or (task is None and array.dtype.kind == "f"):
        floats = torch.from_numpy(array.astype(numpy.float32))
        return floats.unsqueeze(1) if floats.dim() == 1 else floats
    if array.ndim != 1 or (array.dtype.kind == "f" and not (array == array.round()).all()):
        raise ValueError(
            f"data: the labels must be whole numbers, one an image, not {array.dtype} {array.shape}; "
            "write data.task=regression, or store .argmax(1) of one-hot rows"
        )
    return torch.from_numpy(array.astype(numpy.int64))


def _class_names(splits: Mapping[str, tuple[Any, Any]], task: str | None) -> Any:
    values = [numpy.asarray(targets) for _, targets in splits.values()]
    if task == "regression" or not any(array.dtype.kind in "US" for array in values):
        return None
    return numpy.unique(numpy.concatenate([array.ravel() for array in values]))


def _to_images(values: Any) -> Tensor:
    array = numpy.asarray(values)
    if array.dtype.kind not in "buif" or array.ndim < 2:
        raise ValueError(
            f"data: the images must be numbers of shape (n, channels, height, width), (n, height, width) or "
            f"(n, columns), not {array.dtype} {array.shape}"
        )
    if array.ndim == 4 and array.shape[1] not in (1, 3, 4) and array.shape[3] in (1, 3, 4):
        array = array.transpose(0, 3, 1, 2)  # as TensorFlow and image files have it
    if array.dtype != numpy.uint8:
        array = array.astype(numpy.float32)
    images = torch.from_numpy(numpy.ascontiguousarray(array))
    return images.unsqueeze(1) if images.dim() == 3 else images


def _pair_splits(values: Mapping[str, Any], file: str) -> dict[str, tuple[Any, Any]]:
    pairs = {}
    for split, words in SPLITS.items():
        images, targets = _find(values, IMAGES, split, words), _find(values, TARGETS, split, words)
        if (images is None) != (targets is None) or (split == "train" and images is None):
            raise ValueError(
                f"data.file={file} holds {', '.join(values) or 'nothing'}, but no images and targets of the "
                f"{split} split; name them images and labels, or x and y, with _{words[0]} for a split"
            )
        if images is not None and targets is not None:
            pairs[split] = values[images], values[targets]
            counts = [len(numpy.atleast_1d(part)) for part in pairs[split]]
            if counts[0] != counts[1] or not counts[0]:
                raise ValueError(
                    f"data.file={file} holds {counts[0]} rows in {images}, but {counts[1]} in {targets}; "
                    "give one target an image"
                )
    return pairs


def _find(
    values: Mapping[str, Any], names: tuple[str, ...], split: str, words: tuple[str, ...]
) -> str | None:
    for name in names:
        keys = [key for word in words for key in (f"{name}_{word}", f"{word}_{name}")]
        if split == "train":
            keys.append(name)
        for key in keys:
            if key in values:
                return key
    return None


def _read(file: str, targets: str | None) -> Mapping[str, Any]:
    values = _read_file(file, "data.file")
    if isinstance(values, Mapping):
        if targets is not None:
            raise ValueError(f"data.targets={targets}: {file} has keys of its own; write data.targets=null")
        return {str(key): value for key, value in values.items()}
    if isinstance(values, tuple | list) and len(values) == 2 and targets is None:
        return dict(zip(("images", "labels"), values, strict=True))
    if targets is None:
        raise ValueError(f"data.file={file} holds one array; name the file of its targets with data.targets")
    return {"images": values, "labels": _read_file(targets, "data.targets")}


def _read_file(file: str, key: str) -> Any:
    readers: dict[str, Callable[[Path], Any]] = {
        ".npz": _read_npz,
        ".npy": lambda path: numpy.load(path, allow_pickle=False),
        ".pt": _read_torch,
        ".pth": _read_torch,
        ".safetensors": _read_safetensors,
    }
    path = file_at(key, file, readers)
    if path.suffix == ".safetensors":
        require("safetensors", f"{key}={file}")
    try:
        return readers[path.suffix](path)
    except (
        OSError,
        RuntimeError,
        EOFError,
        KeyError,
        ValueError,
        zipfile.BadZipFile,
        UnpicklingError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{key}={file} can't be read ({reason}); store plain arrays, no objects") from error


def _read_npz(path: Path) -> dict[str, Any]:
    with numpy.load(path, allow_pickle=False) as archive:
        return dict(archive)


def _read_torch(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
