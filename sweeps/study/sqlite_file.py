"""Checks of an SQLite file before Optuna opens it: whether it is whole, and whether it is Optuna's."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

# Bytes of a file that is read through once to see whether it is whole.
MOST_CHECKED = 200_000_000


def describe_damage(path: Path) -> str | None:
    """Return what is wrong with a file; None where nothing is, or where that can't be told in short time."""
    if path.stat().st_size > MOST_CHECKED:
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            [answer] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:  # locked, say
        return None
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if answer == "ok" else str(answer).splitlines()[-1]


def refuse_foreign(path: Path) -> None:
    """Raise ValueError for a file whose table of studies is not Optuna's, before tables are added."""
    if not path.exists():
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(studies)")]
        if columns and "study_id" not in columns:
            raise ValueError("it is a database, but not Optuna's")
