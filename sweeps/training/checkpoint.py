"""A run's state on disk, whole or not at all."""

import os
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch

from sweeps.metrics import ACCURACY, EpochMetric
from sweeps.training.run import Epoch, State

CHECKPOINT, BEST = "checkpoint.pt", "best.pt"

# The errors of reading a file that `save` did not write, or that was damaged since.
UNREADABLE = (
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
    OSError,
)


def save(path: Path, state: State) -> None:
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


def load(path: Path) -> State:
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


class Checkpoints:
    """A run's checkpoints while it trains: the latest, and on request that of the best epoch.

    The best has the best score by `metric`, the first of equals. It stays as it is when the run
    continues from a later epoch.
    """

    def __init__(self, folder: Path, seconds: float, keep_best: bool, metric: EpochMetric = ACCURACY) -> None:
        self.latest = folder / CHECKPOINT
        self.best = folder / BEST
        # Seconds at least between two of the latest.
        self.seconds = seconds
        self.keep_best = keep_best
        self.metric = metric
        self.best_score: float | None = None
        self.is_best = False
        self._save_time = time.monotonic()
        for unfinished in folder.glob(f".{CHECKPOINT}.*"):  # its process was killed while it wrote
            unfinished.unlink(missing_ok=True)

    def note_epoch(self, epoch: Epoch) -> None:
        """Compare an epoch with the best, before its state is saved; resumed runs repeat their past ones."""
        score = epoch.validation[self.metric.key]
        self.is_best = self.best_score is None or self.metric.is_better(score, self.best_score)
        if self.is_best:
            self.best_score = score

    def save_due(self, state: Callable[[], State]) -> None:
        """Save what is due of the state after the epoch that was noted last; only then is it built."""
        if self.keep_best and self.is_best:
            save(self.best, state())
        if time.monotonic() - self._save_time >= self.seconds:
            save(self.latest, state())
            self._save_time = time.monotonic()  # not before, or a slow disk would be all that the run does
