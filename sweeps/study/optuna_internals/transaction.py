"""One transaction of a database for what Optuna would write in many."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from optuna.exceptions import StorageInternalError
from sqlalchemy import Executable, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session


class SharedSession(Session):
    """A session whose users, while they share it, each believe that they commit and close it."""

    is_shared = False
    # What broke the transaction while it was shared, should a user have gone on after it.
    failure: SQLAlchemyError | None = None

    def commit(self) -> None:
        """Write, and commit unless the session is shared."""
        if self.is_shared:
            self.flush()
        else:
            super().commit()

    def rollback(self) -> None:
        """Undo all that the transaction holds; a user's refusal to write undoes nothing of the others'."""
        error = sys.exception()
        if not self.is_shared:
            super().rollback()
        elif isinstance(error, SQLAlchemyError):
            self.failure = self.failure or error
            super().rollback()

    def close(self) -> None:
        """Forget the rows that were read, so that the next user reads them again."""
        if self.is_shared:
            self.expunge_all()
        else:
            super().close()


@contextmanager
def share(session: SharedSession) -> Iterator[SharedSession]:
    """Commit once, at the block's end; nothing of it is written where the block raises.

    Raises StorageInternalError as Optuna does where the database refuses.
    """
    session.is_shared = True
    try:
        yield session
        if session.failure is not None:
            raise session.failure
        session.is_shared = False
        session.commit()
    except SQLAlchemyError as error:
        session.is_shared = False
        session.rollback()
        raise StorageInternalError("a transaction failed") from error
    except BaseException:
        session.is_shared = False
        session.rollback()
        raise
    finally:
        session.failure = None
        session.close()


# The tables of what a study or trial gets while it runs, and the columns by which their rows are told apart.
KEY_COLUMNS = {
    "study_user_attributes": ("study_id", "key"),
    "study_system_attributes": ("study_id", "key"),
    "trial_params": ("trial_id", "param_name"),
    "trial_user_attributes": ("trial_id", "key"),
    "trial_system_attributes": ("trial_id", "key"),
    "trial_intermediate_values": ("trial_id", "step"),
}


class UnwrittenRows:
    """Rows of Optuna's tables that wait to be written together; of two with one key the later counts."""

    def __init__(self) -> None:
        # By table, then by the study or trial and by the key or step.
        self._rows: dict[str, dict[tuple[int, str | int], dict[str, Any]]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, table: str, owner: int, key: str | int, **columns: Any) -> None:
        """Keep a row of a study or a trial until `write`."""
        row = dict(zip(KEY_COLUMNS[table], (owner, key), strict=True))
        self._rows.setdefault(table, {})[owner, key] = {**row, **columns}

    def trials(self) -> set[int]:
        """Return the ids of the trials that have rows here."""
        tables = {name: rows for name, rows in self._rows.items() if "trial_id" in KEY_COLUMNS[name]}
        return {trial for rows in tables.values() for trial, _ in rows}

    def write(self, session: Session, tables: Mapping[str, Table]) -> None:
        """Write all in the session's transaction, each over the old row of its study or trial and key."""
        dialect = session.get_bind().dialect.name
        for name, rows in self._rows.items():
            columns = tuple(sorted(next(iter(rows.values())).keys() - set(KEY_COLUMNS[name])))
            session.execute(_upsert(dialect, tables[name], columns), list(rows.values()))
        self._rows.clear()


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Executable:
    """Return the statement that writes rows with such columns over the old ones of the same keys."""
    insert: Any = sqlite.insert
    if dialect != "sqlite":
        from sqlalchemy.dialects import postgresql  # its import takes longer than SQLite's

        insert = postgresql.insert
    statement = insert(table)
    upsert: Executable = statement.on_conflict_do_update(
        index_elements=KEY_COLUMNS[table.name],
        set_={column: statement.excluded[column] for column in columns},
    )
    return upsert
