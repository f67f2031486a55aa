"""Optuna's tables in a database without Alembic, whose import takes longer than the rest together."""

import re
from pathlib import Path

import optuna
from optuna.storages._rdb.storage import models  # type: ignore[attr-defined] # it imports on use
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
)

# Where Alembic keeps the version of the tables.
VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def has_current_tables(engine: Engine, *, create: bool) -> bool:
    """Return whether a database holds this Optuna's tables; `create` makes them in an empty SQLite file.

    False for what Optuna itself must look at: other tables, a server without any, version files of another
    form.
    """
    revision = newest_revision()
    if revision is None:
        return False
    with engine.connect() as connection:
        if create and engine.dialect.name == "sqlite" and not _table_names(connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # so that they are made once, all or none
            if not _table_names(connection):
                _create_tables(connection, revision)
            connection.commit()
        if not {"alembic_version", "version_info"} <= _table_names(connection):
            return False
        versions = connection.execute(select(VERSION.c.version_num)).scalars().all()
        return versions == [revision] and bool(connection.execute(select(_version_info())).all())


def newest_revision() -> str | None:
    """Return the version of Optuna's tables: the one revision of its files that no other follows."""
    folder = Path(optuna.storages.__file__).parent / "_rdb/alembic/versions"
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    revisions = set(re.findall(r'^revision = "(.+)"$', text, re.MULTILINE))
    revisions -= set(re.findall(r'^down_revision = "(.+)"$', text, re.MULTILINE))
    return revisions.pop() if len(revisions) == 1 else None


def _table_names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _create_tables(connection: Connection, revision: str) -> None:
    models.BaseModel.metadata.create_all(connection, checkfirst=False)
    VERSION.create(connection)
    info = {"schema_version": models.SCHEMA_VERSION, "library_version": optuna.__version__}
    connection.execute(insert(_version_info()).values(**info))
    connection.execute(insert(VERSION).values(version_num=revision))


def _version_info() -> Table:
    table: Table = models.VersionInfoModel.__table__
    return table
