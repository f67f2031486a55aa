"""An Optuna storage by its URL: an SQLite file, a journal file or a PostgreSQL database."""

import os
import re
import weakref
from contextlib import suppress
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from sweeps.study.cached import Cached
from sweeps.study.journal_lock import JournalLock
from sweeps.study.outage import wait_for_server

# Seconds that a statement waits for SQLite's lock before it fails; the URL's own ?timeout=... comes first.
BUSY_TIMEOUT = 60

# Seconds: to connect to PostgreSQL, and of silence before a connection is probed, so that a dead network is
# noticed within a minute. The URL's own ?keepalives_idle=... and the like come first.
CONNECTING = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

EXAMPLES = {
    "sqlite": "sqlite:///outputs/sweeps.db",
    "journal": "journal:///outputs/sweeps.log",
    "postgresql": "postgresql://user:password@host/database",
}
DRIVERS = {*EXAMPLES, "postgresql+psycopg", "postgresql+psycopg2"}


def parsed(url: str) -> URL:
    """The URL's parts. Raises ValueError, without the password, where no sweep can be kept there."""
    try:
        location = make_url(url)
    except (ArgumentError, ValueError):
        raise _refused(re.sub("//.*@", "//***@", url), "is not a storage URL", *EXAMPLES) from None
    if "@" in (location.host or ""):
        raise _refused(
            re.sub("//.*@", "//***@", url), "holds an unescaped @ (write %40 in a password)", "postgresql"
        )
    if location.drivername not in DRIVERS:
        raise _refused(_hidden(location), "is no storage that workers can share", *EXAMPLES)
    if location.get_backend_name() != "postgresql" and location.database in (None, "", ":memory:"):
        raise _refused(url, "names no file", location.get_backend_name())
    # Bare, SQLAlchemy 2.0 takes it for psycopg2, which the extra doesn't install.
    return location.set(drivername="postgresql+psycopg") if location.drivername == "postgresql" else location


def shown(url: str) -> str:
    """The URL as it may be printed, its password hidden."""
    return _hidden(parsed(url))


def absolute(url: str) -> str:
    """The URL for processes that work in other folders."""
    location = parsed(url)
    if location.get_backend_name() == "postgresql":
        return url
    path = Path(str(location.database)).absolute()
    return location.set(database=str(path)).render_as_string(hide_password=False)


def dashboard(url: str) -> str:
    """The storage as optuna-dashboard's command line takes it, its password in the environment."""
    location = parsed(url)
    return str(location.database) if location.drivername == "journal" else without_password(url)


def without_password(url: str) -> str:
    """The URL for the processes that this one starts, which get its password by PGPASSWORD.

    A launcher may write to a file what it sends to a worker, as Submitit does.
    """
    location = parsed(url)
    if password := location.password or location.query.get("password"):
        os.environ["PGPASSWORD"] = str(password)
    bare = location._replace(password=None).difference_update_query(["password"])
    return bare.render_as_string(hide_password=False)


def open_storage(url: str, create: bool = False) -> BaseStorage:
    """Connect to a storage; `create` makes its file and its tables, which only one process should do.

    Raises ValueError, without the URL's password, where that fails.
    """
    location = parsed(url)
    try:
        if location.get_backend_name() == "postgresql":
            connecting = {**CONNECTING, **location.query}
            storage = _database(location, create, connect_args=connecting, pool_pre_ping=True)
            wait_for_server(storage.engine)  # it has answered
            return Cached(storage)
        path = Path(str(location.database))
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        if location.drivername == "journal":
            return JournalStorage(JournalFileBackend(str(path), JournalLock(path, lock_folder(location))))
        waiting = {} if "timeout" in location.query else {"timeout": BUSY_TIMEOUT}
        return Cached(_database(location, create, connect_args=waiting))
    except ImportError:
        raise ValueError(
            f"hydra.sweeper.storage={shown(url)} needs a driver: uv sync --extra postgresql"
        ) from None
    except (OSError, SQLAlchemyError, RuntimeError, ValueError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise _refused(shown(url), f"can't be opened: {reason}", location.get_backend_name()) from None


def open_existing(url: str) -> BaseStorage:
    """Connect to a storage that a sweep has written. Raises ValueError where none has."""
    location = parsed(url)
    file = None if location.get_backend_name() == "postgresql" else Path(str(location.database))
    if file is None or file.is_file():
        with suppress(StorageInternalError):
            return open_storage(url)
    raise _refused(shown(url), "holds no sweep", location.get_backend_name())


def lock_folder(location: URL) -> Path:
    """Where a host's processes keep the locks of a storage that is a file: beside it."""
    return Path(f"{location.database}.locks").absolute()


def open_study(
    storage: BaseStorage, name: str, sampler: optuna.samplers.BaseSampler | None = None
) -> optuna.Study:
    """A study that exists."""
    return optuna.load_study(study_name=name, storage=storage, sampler=sampler)


def _database(location: URL, create: bool, **engine: object) -> RDBStorage:
    # Optuna formats the URL as a template.
    url = location.render_as_string(hide_password=False).replace("{", "%7B").replace("}", "%7D")
    storage = RDBStorage(url, engine_kwargs=engine, skip_table_creation=not create)
    weakref.finalize(storage, storage.engine.dispose)
    return storage


def _hidden(location: URL) -> str:
    secrets = {key: "hidden" for key in location.query if "password" in key}
    return location.update_query_dict(secrets).render_as_string(hide_password=True)


def _refused(url: str, problem: str, *examples: str) -> ValueError:
    ways = " or ".join(EXAMPLES[example] for example in examples)
    return ValueError(f"hydra.sweeper.storage={url} {problem}; write {ways}, say")
