"""Storages of each kind, empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Server, binaries, server

KINDS = ("sqlite", "journal", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server."""
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server below /usr/lib/postgresql")
    with server(folder) as running:
        yield running


@pytest.fixture
def database(postgres: Server) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres.database()


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty storage, of each kind in turn."""
    files = {"sqlite": f"sqlite:///{tmp_path}/toy.db", "journal": f"journal:///{tmp_path}/new/toy.log"}
    return files.get(request.param) or request.getfixturevalue("database")
