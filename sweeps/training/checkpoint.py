"""A run's state on disk, whole or not at all."""

import os
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

# What reading a file raises that `save` did not write, or that was damaged since.
UNREADABLE = (
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
    OSError,
)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` so that at every moment `path` holds the old file or the new one."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote: tensors and plain values only, never code.

    Raises ValueError for a file that is damaged or holds anything else.
    """
    try:
        with zipfile.ZipFile(path) as file:
            if damaged := file.testzip():  # torch reads on over a wrong checksum
                raise ValueError(f"the checksum of {damaged} is wrong")
        state = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(state, dict):
            raise ValueError(f"it holds a {type(state).__name__}")
    except UNREADABLE as error:
        reason = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise ValueError(f"{path} is damaged or no checkpoint ({reason}); remove it") from error
    return state


class Rolling:
    """Replaces one checkpoint while a run trains, at most every `seconds`."""

    def __init__(self, path: Path, seconds: float) -> None:
        self.path = path
        self.seconds = seconds
        self._saved = time.monotonic()
        for left in path.parent.glob(f".{path.name}.*"):  # half written when its process was killed
            left.unlink(missing_ok=True)

    def __call__(self, state: Callable[[], dict[str, Any]]) -> None:
        """Save if it is time to; only then is the state built."""
        if time.monotonic() - self._saved >= self.seconds:
            save(self.path, state())
            self._saved = time.monotonic()  # not before, or a slow disk would be all that the run does
