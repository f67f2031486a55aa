"""Decoded images on disk, so that each is decoded once."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy
import torch
from filelock import FileLock
from torch import Tensor

# Counts up where images are decoded in another way.
VERSION = 1


def fill_cache(
    folder: str | None,
    paths: list[str],
    shape: tuple[int, ...],
    decode: Callable[[list[str]], Iterable[Tensor]],
) -> Tensor:
    """Return images as bytes, (n, *shape), decoded by the first process that asks for them.

    folder: None is $XDG_CACHE_HOME/sweeps, or ~/.cache/sweeps. A file's path, size and time of change decide
    whether it was decoded before; another process that asks meanwhile waits.
    Raises ValueError where the folder can't be written.
    """
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "sweeps"
    home = (default if folder is None else Path(folder)).expanduser()
    file = home / f"{_key(paths, shape)}.npy"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            images = _read(file, (len(paths), *shape))
            if images is None:
                _write(file, (len(paths), *shape), decode(paths))
                images = _read(file, (len(paths), *shape))
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"data.cache={home} can't be written ({reason}); write data.cache=<another folder>"
        ) from error
    assert images is not None
    return images


def _key(paths: list[str], shape: tuple[int, ...]) -> str:
    entries = []
    for path in paths:
        status = os.stat(path)
        entries.append((os.path.abspath(path), status.st_size, status.st_mtime_ns))
    return hashlib.sha256(json.dumps([VERSION, shape, entries]).encode()).hexdigest()[:32]


def _read(file: Path, shape: tuple[int, ...]) -> Tensor | None:
    """Return the images of a file; None where it is missing or damaged."""
    try:
        images = numpy.load(file, allow_pickle=False)
    except (FileNotFoundError, ValueError, EOFError):
        return None
    if images.shape != shape or images.dtype != numpy.uint8:
        return None
    return torch.from_numpy(images)


def _write(file: Path, shape: tuple[int, ...], images: Iterable[Tensor]) -> None:
    """Write the images one by one, then give the file its name: it is there whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    os.close(descriptor)
    try:
        array = numpy.lib.format.open_memmap(name, mode="w+", dtype=numpy.uint8, shape=shape)
        for number, image in enumerate(images):
            array[number] = image.numpy()
        array.flush()
        os.replace(name, file)
    finally:
        Path(name).unlink(missing_ok=True)
