"""Locks that end with the process that holds them: on one host's files, or in a PostgreSQL server."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout
from optuna.exceptions import StorageInternalError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from sweeps.study.outage import connection_lost, wait_for_server
from sweeps.study.storage import CONNECTING, lock_folder, parsed


class Locks(Protocol):
    """What the processes of a sweep agree through; one object a process and thread."""

    def exclusive(self) -> AbstractContextManager[Any]:
        """A block that one process at a time is in."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock of that name, which says that its process lives, for the block."""

    def is_held(self, name: str) -> bool:
        """Whether another process holds that lock; to be asked within `exclusive`."""


def locks_for(url: str) -> Locks:
    """The locks of all who share a storage."""
    location = parsed(url)
    if location.get_backend_name() == "postgresql":
        return PostgresLocks(location)
    return FileLocks(lock_folder(location))


class FileLocks:
    """Locks among one host's processes: the kernel lets a file's go when its holder ends, however it ends."""

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


class PostgresLocks:
    """Locks among all who reach a PostgreSQL server: it lets go those of a connection that ends.

    All are of one connection, a session of its own. Where that is lost, the next `exclusive` opens another
    and takes the process's lock again; till then the process counts as dead.
    """

    CLAIM = "claim"

    def __init__(self, location: URL) -> None:
        self._engine = create_engine(
            location,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={**CONNECTING, **location.query},
        )
        wait_for_server(self._engine)
        self._session: Connection | None = None
        self._name: str | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See Locks."""
        with self._connected():
            try:
                self._call("pg_advisory_lock", self.CLAIM)
            except StorageInternalError as error:
                if not connection_lost(error):
                    raise
                self._connect()
                self._call("pg_advisory_lock", self.CLAIM)
            try:
                yield
            finally:
                with suppress(StorageInternalError):  # lost with its connection
                    self._call("pg_advisory_unlock", self.CLAIM)

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """See Locks."""
        self._name = name
        try:
            with self._connected():
                yield
        finally:
            self._name = None

    def is_held(self, name: str) -> bool:
        """See Locks."""
        if not self._call("pg_try_advisory_lock", name):
            return True
        self._call("pg_advisory_unlock", name)
        return False

    @contextmanager
    def _connected(self) -> Iterator[None]:
        if self._session is not None:
            yield
            return
        try:
            self._connect()
            yield
        finally:
            self._disconnect()

    def _connect(self) -> None:
        self._disconnect()
        with _naming_the_storage():
            self._session = self._engine.connect()
            self._keep_alive(self._session)
        if self._name is not None:
            self._call("pg_advisory_lock", self._name)

    @staticmethod
    def _keep_alive(session: Connection) -> None:
        # The server's view of the same silence: else a host that vanished would count as alive for hours.
        for key in ("idle", "interval", "count"):
            seconds = str(CONNECTING[f"keepalives_{key}"])
            session.execute(
                text("SELECT set_config(:key, :value, false)"),
                {"key": f"tcp_keepalives_{key}", "value": seconds},
            )

    def _disconnect(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _call(self, function: str, name: str) -> Any:
        assert self._session is not None
        with _naming_the_storage():
            return self._session.execute(text(f"SELECT {function}(:key)"), {"key": _key(name)}).scalar()


@contextmanager
def _naming_the_storage() -> Iterator[None]:
    """Raise Optuna's error, as the storage itself does: a job may well use a database of its own."""
    try:
        yield
    except DBAPIError as error:
        raise StorageInternalError("the locks in the database failed") from error


def _key(name: str) -> int:
    """63 bits, which PostgreSQL's signed 64 hold."""
    return int.from_bytes(hashlib.sha256(f"sweeps:{name}".encode()).digest()[:8], "big") >> 1
