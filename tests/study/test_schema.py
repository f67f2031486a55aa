"""A new SQLite file holds what Optuna would write, without the import of Alembic and without its mapper."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from sweeps.study.optuna_internals import schema
from sweeps.study.storage import storage_at


def contents(path: Path) -> list[Any]:
    """Return what a database declares, and the rows that name versions."""
    with closing(sqlite3.connect(path)) as connection:
        declared = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")
        rows = [connection.execute(f"SELECT * FROM {name}") for name in ("version_info", "alembic_version")]
        return [query.fetchall() for query in [declared, *rows]]


def test_a_new_file_equals_the_one_that_optuna_makes(tmp_path: Path) -> None:
    optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/optuna.db")
    program = (
        "import sys; from sweeps.study.storage import storage_at; "
        f"storage_at('sqlite:///{tmp_path}/new.db').open(create=True); "
        f"storage_at('sqlite:///{tmp_path}/optuna.db').open(create=True, check=True); "
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
    assert contents(tmp_path / "new.db") == contents(tmp_path / "optuna.db")


def test_trials_are_stored_as_optuna_stores_them(tmp_path: Path) -> None:
    storages = {
        "optuna": optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/optuna.db"),
        "new": storage_at(f"sqlite:///{tmp_path}/new.db").open(create=True),
    }
    rows = {}
    for name, storage in storages.items():
        optuna.create_study(storage=storage).ask()  # numbers count within a study
        study = optuna.create_study(storage=storage, directions=["minimize", "maximize"])
        trials = [study.ask() for _ in range(3)]
        study.tell(trials[0], [1.5, float("inf")])
        study.tell(trials[1], state=TrialState.FAIL)
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            is_now = "abs(julianday('now') - julianday(datetime_{})) < 0.01"
            moments = ", ".join(is_now.format(moment) for moment in ("start", "complete"))
            query = f"SELECT trial_id, number, study_id, state, {moments} FROM trials"
            rows[name] = [
                connection.execute(each).fetchall() for each in (query, "SELECT * FROM trial_values")
            ]
    assert rows["new"] == rows["optuna"]
    assert len(rows["new"][1]) == 2


def test_tables_are_made_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new.db"
    with monkeypatch.context() as patch:
        patch.setattr(optuna, "__version__", object())
        with pytest.raises(ValueError, match="can't be opened"):
            storage_at(f"sqlite:///{path}").open(create=True)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM sqlite_master").fetchall() == []
    storage_at(f"sqlite:///{path}").open(create=True)
    assert contents(path)[2] == [(schema.newest_revision(),)]


@pytest.mark.parametrize("create", [True, False])
def test_tables_of_another_version_are_optunas_to_refuse(create: bool, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    storage_at(f"sqlite:///{path}").open(create=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    with pytest.raises(ValueError, match="no longer compatible with the table schema"):
        storage_at(f"sqlite:///{path}").open(create=create, check=True)
