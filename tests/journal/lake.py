"""The lake's files opened behind the back of a server that is stopped, as somebody who forges would."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from server.engine.extensions import load_extension


@contextmanager
def opened(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the lake as catalog lakehouse."""
    connection = duckdb.connect()
    try:
        load_extension(connection, "ducklake")
        file = data / "catalog" / "lake.ducklake"
        connection.execute(f"ATTACH 'ducklake:{file}' AS lakehouse (DATA_PATH '{data}/lake/', OVERRIDE_DATA_PATH true)")
        connection.execute("USE lakehouse.catalog")
        yield connection
    finally:
        connection.close()


def change(data: Path, *statements: str) -> None:
    with opened(data) as connection:
        for statement in statements:
            connection.execute(statement)
