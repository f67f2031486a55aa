"""The lock of a journal file, whose writers may be killed."""

import os
from pathlib import Path

from filelock import FileLock

from sweeps.study.optuna_internals import JournalFileLock


class JournalLock(JournalFileLock):
    """One writer at a time, and whole lines, whenever a writer is killed.

    Optuna's own locks are files that a killed holder leaves behind: everyone waits 30 seconds for them. The
    kernel lets this one go. A last line without its end, which would spoil the next one, is cut off.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = FileLock(folder / "journal.lock", poll_interval=0.005)

    def acquire(self) -> bool:
        """Wait for the turn to write."""
        self._lock.acquire()
        try:
            self._drop_partial_line()
        except BaseException:
            self._lock.release()
            raise
        return True

    def release(self) -> None:
        """Let the next one write."""
        self._lock.release()

    def _drop_partial_line(self) -> None:
        with self._path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if file.read() not in (b"", b"\n"):
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
