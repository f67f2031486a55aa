"""Failures of the storage: a server that restarts is waited for, and no job is blamed."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from sweeps.study.disk import full_disk

# Seconds that a server which has answered may be away.
PATIENCE = 60

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


class StorageError(Exception):
    """A storage or a disk that takes no more."""


def storage_failure(error: BaseException) -> str | None:
    """Return why nothing more can be written, in one line.

    None where a new connection may do, or where a job failed.
    """
    if isinstance(error, StorageError):
        return str(error)
    if message := full_disk(error):
        return message
    if isinstance(error, StorageInternalError) and not is_connection_lost(error):
        return str(getattr(error.__cause__, "orig", None) or error).splitlines()[0]
    return None


def is_connection_lost(error: BaseException) -> bool:
    """Return whether the connection broke, so that another may do."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else None
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


def retry_once(call: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
    """Call a second time where the connection to the storage broke; the new one waits for the server.

    For calls that do no harm when made twice.
    """

    @wraps(call)
    def call_twice(*arguments: Arguments.args, **keywords: Arguments.kwargs) -> Value:
        try:
            return call(*arguments, **keywords)
        except StorageInternalError as error:
            if not is_connection_lost(error):
                raise
        return call(*arguments, **keywords)

    return call_twice


def wait_for_server(engine: Engine) -> None:
    """Let new connections wait for a server that answered before, and now restarts."""

    def connect(dialect: Any, record: Any, arguments: Any, keywords: Any) -> Any:  # noqa: ARG001 -- its signature
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return dialect.connect(*arguments, **keywords)
            except dialect.loaded_dbapi.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    event.listen(engine, "do_connect", connect)
