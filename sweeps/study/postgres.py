"""How a PostgreSQL server is reached, and the digest of a sweep in it.

Without Optuna, whose import takes longer than the answer of a finished sweep.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

# Seconds: to connect to PostgreSQL, and of silence before a connection is probed, so that a dead network is
# noticed within a minute. The URL's own ?keepalives_idle=... and the like come first.
CONNECTION = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

STUDIES = "SELECT study_id FROM studies WHERE study_name = :sweep OR starts_with(study_name, :prefix)"
# The rows of a table that belong to these studies, by the column that names their owner.
OWNERS = {"study_id": STUDIES, "trial_id": f"SELECT trial_id FROM trials WHERE study_id IN ({STUDIES})"}


def with_driver(url: URL) -> URL:
    """Return the URL with the extra's driver where it names none: SQLAlchemy would take another."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def digest_studies(url: str, sweep: str) -> str:
    """Return the digest of all rows of the studies named `sweep` and `sweep/...`.

    The server computes it, so that no row travels. Empty where the storage is no server or can't tell.
    """
    if not url.startswith("postgresql"):
        return ""
    try:
        location = with_driver(make_url(url))
        arguments = {**CONNECTION, **location.query}
        with create_engine(location, poolclass=NullPool, connect_args=arguments).connect() as connection:
            rows = " UNION ALL ".join(_row_queries(connection))
            digest = "encode(sha256(string_agg(digest, '' ORDER BY digest)), 'hex')"
            names = {"sweep": sweep, "prefix": f"{sweep}/"}
            return connection.execute(text(f"SELECT {digest} FROM ({rows}) AS digests"), names).scalar() or ""
    except (ImportError, ValueError, SQLAlchemyError):
        return ""


def _row_queries(connection: Connection) -> Iterator[str]:
    """Yield for each table with an owner a query for the digests of the studies' rows."""
    columns = "SELECT table_name, column_name FROM information_schema.columns"
    owned = "table_schema = current_schema() AND column_name IN ('study_id', 'trial_id')"
    owners: dict[str, str] = {}
    # Of a table with both, which is that of the trials, the study counts, as the later one.
    for table, owner in connection.exec_driver_sql(f"{columns} WHERE {owned} ORDER BY column_name DESC"):
        owners[table] = owner
    for table, owner in owners.items():
        row = f"sha256(convert_to('{table}' || each::text, 'UTF8'))"
        yield f"SELECT {row} AS digest FROM {table} AS each WHERE {owner} IN ({OWNERS[owner]})"
