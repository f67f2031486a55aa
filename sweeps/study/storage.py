"""An Optuna storage by its URL."""

import hashlib
import tempfile
from pathlib import Path

import optuna
from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

# Seconds that a statement waits for SQLite's lock before it fails.
BUSY_TIMEOUT = 60


def parsed(url: str) -> URL:
    """The URL's parts. Raises ValueError where it isn't one."""
    try:
        return make_url(url)
    except ArgumentError:
        raise ValueError(
            f"hydra.sweeper.storage={url} is not a storage URL; write sqlite:///outputs/sweeps.db, say"
        ) from None


def shown(url: str) -> str:
    """The URL as it may be printed, its password hidden."""
    return parsed(url).render_as_string(hide_password=True)


def open_storage(url: str, create: bool = False) -> RDBStorage:
    """Connect to a storage; `create` makes its file and its tables, which only one process should do.

    Raises ValueError, without the URL's password, where that fails.
    """
    location = parsed(url)
    sqlite = location.get_backend_name() == "sqlite"
    try:
        if sqlite and create and location.database:
            Path(location.database).parent.mkdir(parents=True, exist_ok=True)
        arguments = {"connect_args": {"timeout": BUSY_TIMEOUT}} if sqlite else {}
        return RDBStorage(url, engine_kwargs=arguments, skip_table_creation=not create)
    except (ImportError, OSError, SQLAlchemyError, RuntimeError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise ValueError(
            f"hydra.sweeper.storage={shown(url)} can't be opened: {reason}; "
            "write sqlite:///outputs/sweeps.db, say"
        ) from None


def lock_folder(url: str) -> Path:
    """Where this host's claims on the storage are kept: beside an SQLite file."""
    location = parsed(url)
    if location.get_backend_name() == "sqlite" and location.database:
        return Path(f"{location.database}.locks").absolute()
    return Path(tempfile.gettempdir()) / f"sweeps-{hashlib.sha256(shown(url).encode()).hexdigest()[:16]}"


def open_study(
    storage: RDBStorage, name: str, sampler: optuna.samplers.BaseSampler | None = None
) -> optuna.Study:
    """A study that exists."""
    return optuna.load_study(study_name=name, storage=storage, sampler=sampler)
