"""Locks that end with the process that holds them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout


class Locks(Protocol):
    """Locks that the processes of a sweep share; each process and thread has an object of its own."""

    def exclusive(self) -> AbstractContextManager[Any]:
        """Let one process at a time into the block."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock of that name, which says that its process lives, for the block."""

    def is_held(self, name: str) -> bool:
        """Return whether another process holds that lock; to be called within `exclusive`."""


class FileLocks:
    """Locks among one host's processes: the kernel frees a file's when its holder ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._claim = FileLock(folder / "claim.lock", poll_interval=0.005)

    def exclusive(self) -> AbstractContextManager[Any]:
        """See Locks."""
        return self._claim

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """See Locks."""
        with FileLock(self._path(name)):
            yield
        self._path(name).unlink(missing_ok=True)

    def is_held(self, name: str) -> bool:
        """See Locks."""
        try:
            with FileLock(self._path(name), timeout=0):
                pass
        except Timeout:
            return True
        self._path(name).unlink(missing_ok=True)
        return False

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.alive"
