"""A storage that fails: waited for where its server restarts, and never blamed on a job."""

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
Returned = TypeVar("Returned")


class StorageError(Exception):
    """The place where a sweep is kept takes no more."""


def storage_failure(error: BaseException) -> str | None:
    """Why nothing can be kept any more, in one line; None where a new connection may do, or a job failed."""
    if isinstance(error, StorageError):
        return str(error)
    if message := full_disk(error):
        return message
    if isinstance(error, StorageInternalError) and not connection_lost(error):
        return str(getattr(error.__cause__, "orig", None) or error).splitlines()[0]
    return None


def connection_lost(error: BaseException) -> bool:
    """Whether the connection broke, so that another may do."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else None
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


def retry_once(call: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
    """Call it a second time where the connection to the storage broke; the next one is waited for.

    For what does no harm when done twice.
    """

    @wraps(call)
    def twice(*arguments: Arguments.args, **named: Arguments.kwargs) -> Returned:
        try:
            return call(*arguments, **named)
        except StorageInternalError as error:
            if not connection_lost(error):
                raise
        return call(*arguments, **named)

    return twice


def wait_for_server(engine: Engine) -> None:
    """Let new connections wait for a server that answered before, and now restarts."""

    def connect(dialect: Any, record: Any, arguments: Any, named: Any) -> Any:  # noqa: ARG001 -- its signature
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return dialect.connect(*arguments, **named)
            except dialect.loaded_dbapi.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    event.listen(engine, "do_connect", connect)
