"""Builds the staffing tables in a DuckDB of their own, for the tests of this folder."""

import duckdb

from catalog_sql import load

TABLES = ("candidates", "clients", "jobs", "placements", "timesheets", "calls", "emails")


def connect(threads: int = 2, candidates: int | None = None, activity: int | None = None) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with the variables that the demo's files read; None leaves one unset."""
    connection = duckdb.connect(config={"threads": threads})
    for name, value in (("candidates", candidates), ("activity", activity)):
        if value is not None:
            connection.execute(f"SET VARIABLE {name} = {value}")
    return connection


def select(table: str) -> str:
    """Return the query that makes the rows of a table."""
    return load(f"demo/staffing/{table}.sql")


def build(connection: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        connection.execute(f"CREATE TABLE {table} AS {select(table)}")


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count the rows that each query makes, without making their columns."""
    counts = {table: connection.execute(f"SELECT count(*) FROM ({select(table)})").fetchone() for table in TABLES}
    return {table: count[0] for table, count in counts.items() if count}


def checksum(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Digest every value of every row in the order of the rows as a query returns them."""
    query = f"SELECT md5(CAST(t AS VARCHAR)) AS digest FROM ({select(table)}) AS t"
    digests = connection.execute(query).fetchnumpy()["digest"]
    combined = connection.execute("SELECT md5($1)", ["".join(digests)]).fetchone()
    assert combined is not None
    return str(combined[0])
