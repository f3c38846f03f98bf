"""information_schema, DuckDB's functions, Flight SQL's metadata and the catalog tell the same, to every session."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare
from tests.harness import Server, query

SCHEMA = "agreeing"
FLIGHT = "ARROW:FLIGHT:SQL:"


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    is_nullable: bool
    comment: str | None


@dataclass(frozen=True)
class Dataset:
    """columns: in their order. None for those of views in the catalog, which has none."""

    kind: str
    comment: str | None
    columns: tuple[Column, ...] | None


Told = dict[str, Dataset]


def by_catalog(connection: dbapi.Connection) -> Told:
    columns = (
        "SELECT split_part(dataset, '.', 2) AS t, column_name, data_type, is_nullable, description AS comment "
        f"FROM catalog.columns WHERE starts_with(dataset, '{SCHEMA}.') ORDER BY ordinal_position"
    )
    listed = (
        "SELECT split_part(dataset, '.', 2) AS t, kind, description AS comment "
        f"FROM catalog.datasets WHERE starts_with(dataset, '{SCHEMA}.')"
    )
    told = _with_columns(connection, listed, columns)
    return {name: replace(each, columns=None) if each.kind == "view" else each for name, each in told.items()}


def by_duckdb(connection: dbapi.Connection) -> Told:
    columns = (
        "SELECT table_name AS t, column_name, data_type, is_nullable, comment "
        f"FROM duckdb_columns() WHERE schema_name = '{SCHEMA}' ORDER BY column_index"
    )
    listed = (
        f"SELECT table_name AS t, 'table' AS kind, comment FROM duckdb_tables() WHERE schema_name = '{SCHEMA}' "
        f"UNION ALL SELECT view_name, 'view', comment FROM duckdb_views() WHERE schema_name = '{SCHEMA}'"
    )
    return _with_columns(connection, listed, columns)


def by_information_schema(connection: dbapi.Connection) -> Told:
    columns = (
        "SELECT table_name AS t, column_name, data_type, is_nullable = 'YES' AS is_nullable, "
        '"COLUMN_COMMENT" AS comment '
        f"FROM information_schema.columns WHERE table_schema = '{SCHEMA}' ORDER BY ordinal_position"
    )
    listed = (
        "SELECT table_name AS t, if(table_type = 'VIEW', 'view', 'table') AS kind, table_comment AS comment "
        f"FROM information_schema.tables WHERE table_schema = '{SCHEMA}'"
    )
    return _with_columns(connection, listed, columns)


def by_flight(connection: dbapi.Connection, bare: Bare) -> Told:
    """Flight SQL has no remarks of tables, only of columns."""
    command = sql.CommandGetTables(db_schema_filter_pattern=SCHEMA, include_schema=True)
    found: dict[str, str] = {}
    columns: dict[str, list[Column]] = {}
    for row in bare.get(bare.info(command).endpoints[0].ticket).to_pylist():
        schema = pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))
        kind = "view" if row["table_type"] == "VIEW" else "table"
        columns[row["table_name"]] = [_field(field) for field in schema]
        found[row["table_name"]] = kind
    read = _read_back(connection, columns)
    return {name: Dataset(kind, None, tuple(read[name])) for name, kind in found.items()}


def _field(field: Any) -> Column:
    metadata = {key.decode().removeprefix(FLIGHT): value.decode() for key, value in (field.metadata or {}).items()}
    return Column(field.name, metadata["TYPE_NAME"], field.nullable, metadata.get("REMARKS"))


def _with_columns(connection: dbapi.Connection, listed: str, columns: str) -> Told:
    found = _columns(connection, columns)
    rows = query(connection, listed).to_pylist()
    return {row["t"]: Dataset(row["kind"], row["comment"], tuple(found.get(row["t"], ()))) for row in rows}


def _columns(connection: dbapi.Connection, text: str) -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    for row in query(connection, text).to_pylist():
        column = Column(row["column_name"], row["data_type"], row["is_nullable"], row["comment"])
        found.setdefault(row["t"], []).append(column)
    return _read_back(connection, found)


def _read_back(connection: dbapi.Connection, found: dict[str, list[Column]]) -> dict[str, list[Column]]:
    """With types as DuckDB writes them. Others quote each name inside a type, DuckDB those that need it."""
    types = sorted({column.type for columns in found.values() for column in columns})
    casts = ", ".join(f"typeof(NULL::{name}) AS c{number}" for number, name in enumerate(types))
    [plain] = query(connection, f"SELECT {casts}").to_pylist() if types else [{}]
    named = dict(zip(types, plain.values(), strict=True))
    return {table: [replace(column, type=named[column.type]) for column in columns] for table, columns in found.items()}


def agreed(connection: dbapi.Connection, bare: Bare) -> Told:
    """What all four tell."""
    told = by_duckdb(connection)
    assert by_information_schema(connection) == told
    assert by_flight(connection, bare) == {name: Dataset(each.kind, None, each.columns) for name, each in told.items()}
    assert by_catalog(connection) == {
        name: Dataset(each.kind, each.comment, each.columns if each.kind == "table" else None)
        for name, each in told.items()
    }
    return told


NESTED = 'STRUCT(a INTEGER, "b c" STRUCT(d DATE[], "E" MAP(VARCHAR, DECIMAL(9,2))))'
CHANGES = [
    f"CREATE TABLE t (id BIGINT NOT NULL, n {NESTED}, l STRUCT(x INTEGER)[], note VARCHAR DEFAULT 'none')",
    "COMMENT ON TABLE t IS 'a table'",
    "COMMENT ON COLUMN t.n IS 'nested; ''quoted'' and ünïcode 日本'",
    "COMMENT ON COLUMN t.note IS ''",
    "ALTER TABLE t ADD COLUMN added TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE t ADD COLUMN n.f UUID",
    "ALTER TABLE t RENAME COLUMN n.a TO z",
    "ALTER TABLE t DROP COLUMN n.f",
    'ALTER TABLE t RENAME COLUMN n TO "nested here"',
    "ALTER TABLE t ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE t DROP COLUMN note",
    "CREATE TABLE made AS SELECT 1::SMALLINT AS small, [{'k': 1}] AS listed, 'x' AS \"Größe\"",
    "ALTER TABLE made ALTER COLUMN small TYPE BIGINT",
    "COMMENT ON COLUMN made.small IS 'wider now'",
    'ALTER TABLE made ALTER COLUMN "Größe" SET NOT NULL',
    'CREATE VIEW v AS SELECT id, l, "nested here" AS n FROM t',
    "COMMENT ON VIEW v IS 'a view'",
    "ALTER TABLE t RENAME TO renamed",
    "ALTER TABLE renamed RENAME TO t",
    "CREATE OR REPLACE VIEW v AS SELECT id + 1 AS more FROM t",
    "ALTER TABLE t DROP COLUMN id",
    "CREATE OR REPLACE TABLE t (id INTEGER)",
    "COMMENT ON COLUMN made.small IS NULL",
    "DROP VIEW v",
    "DROP TABLE made",
    "DROP TABLE t",
]


@pytest.fixture
def sessions(server: Server) -> Iterator[list[tuple[dbapi.Connection, Bare]]]:
    """Two, open before anything is made."""
    with Bare(server) as one, Bare(server) as other:
        opened = [(server.connect(), bare) for bare in (one, other)]
        query(opened[0][0], f"CREATE SCHEMA {SCHEMA}")
        yield opened
        query(opened[0][0], f"DROP SCHEMA {SCHEMA} CASCADE")


def test_all_four_agree_in_every_session_after_every_change(sessions: list[tuple[dbapi.Connection, Bare]]) -> None:
    before: Told = {}
    for number, change in enumerate(CHANGES):
        writer, _ = sessions[number % len(sessions)]
        query(writer, f"USE {SCHEMA}")
        query(writer, change)
        told = [agreed(connection, bare) for connection, bare in sessions]
        assert told[0] == told[1], change
        assert told[0] != before, change
        before = told[0]
    assert before == {}
