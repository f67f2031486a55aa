"""Locks in a PostgreSQL server."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from optuna.exceptions import StorageInternalError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from sweeps.study.outage import is_connection_lost, wait_for_server
from sweeps.study.postgres import CONNECTION


class PostgresLocks:
    """Locks among all who reach a PostgreSQL server, which frees those of a connection that ends.

    One connection, a session of its own, holds them all. Where that is lost, the next `exclusive` opens
    another and takes the process's lock again; until then the process counts as dead.
    """

    CLAIM = "claim"

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={**CONNECTION, **url.query}
        )
        wait_for_server(self._engine)
        self._session: Connection | None = None
        # The lock that says that this process lives, while it is held.
        self._name: str | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See Locks."""
        with self._connected():
            try:
                self._call("pg_advisory_lock", self.CLAIM)
            except StorageInternalError as error:
                if not is_connection_lost(error):
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
        with _as_storage_errors():
            self._session = self._engine.connect()
            # The server's view of the same silence: else a host that vanished would count as alive for hours.
            for key in ("idle", "interval", "count"):
                setting = {"key": f"tcp_keepalives_{key}", "value": str(CONNECTION[f"keepalives_{key}"])}
                self._session.execute(text("SELECT set_config(:key, :value, false)"), setting)
        if self._name is not None:
            self._call("pg_advisory_lock", self._name)

    def _disconnect(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _call(self, function: str, name: str) -> Any:
        assert self._session is not None
        with _as_storage_errors():
            return self._session.execute(text(f"SELECT {function}(:key)"), {"key": _key(name)}).scalar()


@contextmanager
def _as_storage_errors() -> Iterator[None]:
    """Raise Optuna's error, as the storage itself does: a job may use a database of its own."""
    try:
        yield
    except DBAPIError as error:
        raise StorageInternalError("the locks in the database failed") from error


def _key(name: str) -> int:
    """Return 63 bits of a lock's name, which PostgreSQL's signed 64 hold."""
    return int.from_bytes(hashlib.sha256(f"sweeps:{name}".encode()).digest()[:8], "big") >> 1
