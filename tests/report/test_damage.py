"""A damaged storage, and a folder that can't be written, get one message from `python -m sweeps.report`."""

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sweeps.report.__main__ import main
from sweeps.study.storage import storage_at
from tests.support.sweeps import SWEEPS


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a confirmed sweep's SQLite file."""
    path = tmp_path_factory.mktemp("database") / "sweeps.db"
    SWEEPS["equal"](storage_at(f"sqlite:///{path}").open(create=True))
    return path


@pytest.fixture
def message(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a call of the report that must end with one message."""

    def call(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["sweeps.report", *map(str, arguments)])
        with pytest.raises(SystemExit) as error:
            main()
        assert isinstance(error.value.code, str)
        return error.value.code

    return call


ATTRIBUTES = "UPDATE study_user_attributes SET value_json = "
# what was done to the file, what the message must hold
DAMAGES = {
    "attribute of another type": (ATTRIBUTES + "'5' WHERE key = 'replicates'", ["attribute replicates is 5"]),
    "attribute null": (ATTRIBUTES + "'null' WHERE key = 'search_space'", ["attribute search_space is None"]),
    "attribute no JSON": (ATTRIBUTES + "'{a' WHERE key = 'replicates'", ["records can't be read"]),
    "attribute gone": ("DELETE FROM study_user_attributes WHERE key = 'seed_key'", ["KeyError: 'seed_key'"]),
    "record of another type": (
        "UPDATE trial_user_attributes SET value_json = '7' WHERE key LIKE 'seed=%'",
        ["is damaged", "TypeError"],
    ),
    "records gone": ("DELETE FROM trial_user_attributes", ["is damaged"]),
    "distribution empty": ("UPDATE trial_params SET distribution_json = '{}'", ["KeyError: 'type'"]),
    "directions gone": ("DELETE FROM study_directions", ["is damaged"]),
    "table gone": ("DROP TABLE trial_values", ["no such table: trial_values"]),
}


@pytest.mark.parametrize(("statement", "words"), DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_records_are_named(
    statement: str, words: list[str], database: Path, tmp_path: Path, message: Callable[..., str]
) -> None:
    path = shutil.copy(database, tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    text = message("--storage", f"sqlite:///{path}", "--folder", tmp_path / "report")
    assert all(word in text for word in [*words, "restore"]), text
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("damage", ["cut", "text", "overwritten"])
def test_a_damaged_file_is_not_called_empty(
    damage: str, database: Path, tmp_path: Path, message: Callable[..., str]
) -> None:
    content = bytearray(database.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "text":
        content = bytearray(b"studies " * 1000)
    else:
        content[4096 * 6 : 4096 * 8] = bytes(2 * 4096)
    (tmp_path / "sweeps.db").write_bytes(content)
    text = message("--storage", f"sqlite:///{tmp_path}/sweeps.db")
    assert "is damaged" in text
    assert "restore" in text


def test_a_report_that_can_not_be_written_names_the_folder(
    database: Path, tmp_path: Path, message: Callable[..., str]
) -> None:
    (tmp_path / "file").touch()
    text = message("--storage", f"sqlite:///{database}", "--folder", tmp_path / "file")
    assert f"{tmp_path}/file can't be written" in text
    assert "--folder" in text
