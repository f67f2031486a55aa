"""A tracker of no package: a file of each run's own."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from sweeps.loggers.logger import Identity, Logger, RunLog


class Csv(Logger):
    """A file in the run's folder."""

    def start(self, identity: Identity) -> RunLog:
        """Begin the file anew."""
        return CsvLog(identity.folder / "metrics.csv")


class CsvLog(RunLog):
    """A row for each epoch."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("w", newline="")
        self._writer: csv.DictWriter[str] | None = None

    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(epochs[0]))
            self._writer.writeheader()
        self._writer.writerows(epochs)
        self._file.flush()

    def close(self, status: str, summary: Mapping[str, float]) -> None:  # noqa: ARG002 -- metrics.json has them
        self._file.close()
