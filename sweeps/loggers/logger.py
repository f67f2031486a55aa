"""A tracker that a run tells its epochs to.

A worker has many runs, some of them at once, so that each has an object of its own and is ended by name.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

# Seconds at least between two writings of a run's epochs; its end writes what waits.
INTERVAL = 10.0


@dataclass(frozen=True)
class Identity:
    """The names and settings by which a tracker knows a run."""

    # The study's name, or `runs` for single ones.
    group: str
    # The folder below `outputs`.
    name: str
    folder: Path
    # The config's values, by dotted key.
    settings: Mapping[str, Any]


class RunLog(ABC):
    """One run in a tracker, from its beginning to its end."""

    def __init__(self) -> None:
        self._waiting: list[Mapping[str, float]] = []
        self._last_writing = time.monotonic()
        self._is_lost = False

    def epoch(self, values: Mapping[str, float]) -> None:
        """Take an epoch's measurements with its `number`; those from before an interruption come again."""
        self._waiting.append(values)
        if time.monotonic() - self._last_writing >= INTERVAL:
            with self._survive():
                self._flush()

    def end(self, status: str, summary: Mapping[str, float]) -> None:
        """End the run as finished, pruned or failed, with its scores."""
        with self._survive():
            self._flush()
        with self._survive():
            self.close(status, summary)

    @abstractmethod
    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        """Write epochs, oldest first."""

    @abstractmethod
    def close(self, status: str, summary: Mapping[str, float]) -> None:
        """Write the end, and give back what the run holds."""

    def _flush(self) -> None:
        epochs, self._waiting = self._waiting, []
        self._last_writing = time.monotonic()
        if epochs and not self._is_lost:
            self.write(epochs)

    @contextmanager
    def _survive(self) -> Iterator[None]:
        """Let no run fail for a tracker that breaks down while it trains; it is told no more epochs."""
        try:
            yield
        except Exception:
            log.exception("The tracker failed: it gets no more epochs of this run")
            self._is_lost = True


class Logger(ABC):
    """A tracker."""

    # The package that it needs and the extra that brings it; empty for none.
    package = ""

    def check(self) -> None:
        """Raise ValueError where its package is missing."""
        if self.package and find_spec(self.package) is None:
            raise ValueError(
                f"logger={self.package} needs a package: pip install 'optimizer-sweeps[{self.package}]'"
            )

    @abstractmethod
    def start(self, identity: Identity) -> RunLog:
        """Begin a run."""


def measurements(epoch: Mapping[str, float]) -> dict[str, float]:
    """Return what was measured in an epoch, without its `number`."""
    return {key: value for key, value in epoch.items() if key != "number"}
