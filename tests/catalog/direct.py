"""A stopped server's lake, opened with DuckDB and DuckLake alone: what the files themselves say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from server.engine.extensions import load_extension


@contextmanager
def stopped_lake(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the lake of this data folder attached as `lakehouse`."""
    connection = duckdb.connect()
    try:
        load_extension(connection, "ducklake")
        connection.execute(f"ATTACH 'ducklake:{data}/catalog/lake.ducklake' AS lakehouse")
        yield connection
    finally:
        connection.close()
