"""TensorBoard's event files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweeps.loggers.logger import Identity, Logger, RunLog, measurements


class TensorBoard(Logger):
    """Event files."""

    package = "tensorboard"

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def start(self, identity: Identity) -> RunLog:
        """Begin an event file; it replaces what an earlier one of the run holds."""
        from torch.utils.tensorboard import SummaryWriter  # a second's import

        return TensorBoardLog(SummaryWriter(str(self._folder / identity.name), purge_step=0))


class TensorBoardLog(RunLog):
    """The scalars of a run."""

    def __init__(self, writer: Any) -> None:
        super().__init__()
        self._writer = writer

    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        for epoch in epochs:
            for key, value in measurements(epoch).items():
                self._writer.add_scalar(key, value, epoch["number"])
        self._writer.flush()

    def close(self, status: str, summary: Mapping[str, float]) -> None:
        self._writer.add_text("status", status)
        for key, value in summary.items():
            self._writer.add_scalar(f"end/{key}", value)
        self._writer.close()
