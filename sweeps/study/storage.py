"""Optuna storages that a sweep's processes share: an SQLite file, a journal file, a PostgreSQL database."""

import os
import re
import weakref
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from sweeps.study import DEFAULT_STORAGE
from sweeps.study.journal_lock import JournalLock
from sweeps.study.locks import FileLocks, Locks
from sweeps.study.optuna_internals import CachedStorage, Database
from sweeps.study.outage import wait_for_server
from sweeps.study.postgres import CONNECTION, with_driver
from sweeps.study.postgres_locks import PostgresLocks
from sweeps.study.sqlite_file import describe_damage, refuse_foreign

# Seconds that a statement waits for SQLite's lock before it fails; the URL's own ?timeout=... comes first.
BUSY_TIMEOUT = 60


class Storage(ABC):
    """An Optuna storage by its URL, and what its kind needs around it. `storage_at` makes them."""

    # A URL of this kind, for messages.
    example: ClassVar[str]
    # The file that holds it; None for a server.
    path: Path | None = None

    def __init__(self, url: URL, option: str) -> None:
        self.url = url
        # What stands before the URL where the user wrote it: "hydra.sweeper.storage=", "--storage ".
        self.option = option

    @property
    def display_url(self) -> str:
        """Return the URL as it may be printed, its password hidden."""
        return _hide_password(self.url)

    @property
    def absolute_url(self) -> str:
        """Return the URL, password included, for processes that work in other folders."""
        return self.url.render_as_string(hide_password=False)

    def worker_url(self) -> str:
        """Return the URL for the processes that this one starts, which get its password by PGPASSWORD."""
        return self.absolute_url

    def dashboard_argument(self) -> str:
        """Return the storage as optuna-dashboard's command line takes it."""
        return self.worker_url()

    def open(self, create: bool = False, check: bool = False) -> BaseStorage:
        """Connect; `create` makes the storage's file and tables, which only one process should do.

        check: whether Optuna is to refuse tables of another version, as it does where it makes them. Raises
        ValueError, without the URL's password, where that fails.
        """
        try:
            return self._connect(create, check)
        except ImportError:
            extra = "pip install 'optimizer-sweeps[postgresql]', or uv sync --extra postgresql in a clone"
            raise ValueError(f"{self.option}{self.display_url} needs a driver: {extra}") from None
        except (OSError, SQLAlchemyError, RuntimeError, ValueError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise self._refusal(f"can't be opened: {reason}") from None

    def open_for_reading(self) -> BaseStorage:
        """Connect to a storage that a sweep has written. Raises ValueError where none has."""
        problem = "holds no sweep"
        if self.path is None or self.path.is_file():
            if damage := self._describe_damage():
                raise ValueError(
                    f"{self.option}{self.display_url} is damaged: {damage}; restore it from a copy"
                )
            with suppress(StorageInternalError):  # it lacks Optuna's tables
                return self.open(check=True)
        else:
            problem = "names a file that doesn't exist here"
        remedy = f"run a sweep first, or pass its storage with {self.option}URL"
        raise ValueError(f"{self.option}{self.display_url} {problem}; {remedy}")

    def _describe_damage(self) -> str | None:
        """Return what is wrong with the storage's file, where that can be told."""
        return None

    @abstractmethod
    def locks(self) -> Locks:
        """Return the locks of all processes that share the storage."""

    @abstractmethod
    def _connect(self, create: bool, check: bool) -> BaseStorage: ...

    def _refusal(self, problem: str) -> ValueError:
        return _refusal(f"{self.option}{self.display_url}", problem, self.example)


class FileStorage(Storage):
    """A storage in a file, for the processes of one host."""

    path: Path

    def __init__(self, url: URL, option: str) -> None:
        if url.database and url.database.startswith("~"):
            url = url.set(database=str(Path(url.database).expanduser()))
        super().__init__(url, option)
        if url.database in (None, "", ":memory:"):
            raise self._refusal("names no file")
        self.path = Path(str(url.database))

    @property
    def absolute_url(self) -> str:
        """Return the URL for processes that work in other folders."""
        return self.url.set(database=str(self.path.absolute())).render_as_string(hide_password=False)

    @property
    def lock_folder(self) -> Path:
        """Return the folder of the locks, beside the file."""
        return Path(f"{self.path}.locks").absolute()

    def locks(self) -> Locks:
        """Return locks in files."""
        return FileLocks(self.lock_folder)


class SqliteStorage(FileStorage):
    """An SQLite database."""

    example = DEFAULT_STORAGE

    def _describe_damage(self) -> str | None:
        return describe_damage(self.path)

    def _connect(self, create: bool, check: bool) -> BaseStorage:
        if create:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            refuse_foreign(self.path)
        timeout = {} if "timeout" in self.url.query else {"timeout": BUSY_TIMEOUT}
        return CachedStorage(_open_database(self.url, create, check, connect_args=timeout))


class JournalFileStorage(FileStorage):
    """Optuna's journal file."""

    example = "journal:///outputs/sweeps.log"

    def dashboard_argument(self) -> str:
        """Return the file's path, by which the dashboard knows a journal."""
        return str(self.path)

    def _connect(self, create: bool, check: bool) -> BaseStorage:  # noqa: ARG002 -- its first line makes it
        lock = JournalLock(self.path, self.lock_folder)  # makes the folders
        return JournalStorage(JournalFileBackend(str(self.path), lock))


class PostgresStorage(Storage):
    """A PostgreSQL database, for the processes of many hosts."""

    example = "postgresql://user:password@host/database"

    def __init__(self, url: URL, option: str) -> None:
        super().__init__(with_driver(url), option)

    def worker_url(self) -> str:
        """Return the URL without its password, which goes to the environment.

        A launcher may write to a file what it sends to a worker, as Submitit does.
        """
        if password := self.url.password or self.url.query.get("password"):
            os.environ["PGPASSWORD"] = str(password)
        # URL.set takes None for "unchanged".
        url = self.url._replace(password=None).difference_update_query(["password"])
        return url.render_as_string(hide_password=False)

    def locks(self) -> Locks:
        """Return locks in the server."""
        return PostgresLocks(self.url)

    def _connect(self, create: bool, check: bool) -> BaseStorage:
        arguments = {**CONNECTION, **self.url.query}
        storage = _open_database(self.url, create, check, connect_args=arguments, pool_pre_ping=True)
        wait_for_server(storage.engine)  # it has answered
        return CachedStorage(storage)


KINDS: dict[str, type[Storage]] = {
    "sqlite": SqliteStorage,
    "journal": JournalFileStorage,
    **dict.fromkeys(["postgresql", "postgresql+psycopg", "postgresql+psycopg2"], PostgresStorage),
}


def storage_at(url: str, option: str = "hydra.sweeper.storage=") -> Storage:
    """Return the storage at a URL, unopened; `option` is how the user named it.

    Raises ValueError, without the password, where no sweep can be kept there.
    """
    display = f"{option}{re.sub('//.*@', '//***@', url)}"
    examples = list(dict.fromkeys(kind.example for kind in KINDS.values()))
    try:
        location = make_url(url)
    except (ArgumentError, ValueError):
        raise _refusal(display, "is not a storage URL", *examples) from None
    if "@" in (location.host or ""):
        problem = "holds an unescaped @ (write %40 in a password)"
        raise _refusal(display, problem, PostgresStorage.example)
    if location.drivername not in KINDS:
        display = f"{option}{_hide_password(location)}"
        raise _refusal(display, "is no storage that workers can share", *examples)
    return KINDS[location.drivername](location, option)


def _open_database(url: URL, create: bool, check: bool, **engine: object) -> Database:
    # Optuna formats the URL as a template.
    template = url.render_as_string(hide_password=False).replace("{", "%7B").replace("}", "%7D")
    storage = Database(template, create=create, check=check, **engine)
    weakref.finalize(storage, storage.engine.dispose)
    return storage


def _hide_password(url: URL) -> str:
    passwords = {key: "hidden" for key in url.query if "password" in key}
    return url.update_query_dict(passwords).render_as_string(hide_password=True)


def _refusal(url: str, problem: str, *examples: str) -> ValueError:
    return ValueError(f"{url} {problem}; write {' or '.join(examples)}, say")
