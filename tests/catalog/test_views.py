"""catalog.datasets and catalog.columns say what DuckDB would say, after every kind of change."""

from typing import Any

import pytest
from adbc_driver_manager import dbapi

from tests.harness import query


def row_of(connection: dbapi.Connection, dataset: str) -> dict[str, Any]:
    [row] = query(connection, "FROM catalog.datasets WHERE dataset = ?", (dataset,)).to_pylist()
    return dict(row)


CHANGES = [
    "INSERT INTO changing SELECT i FROM range(1000) t(i)",
    "DELETE FROM changing WHERE i % 2 = 0",
    "UPDATE changing SET i = i + 1 WHERE i < 500",
    "INSERT INTO changing VALUES (1), (2), (3)",
    "DELETE FROM changing WHERE i % 3 = 0",
    "DELETE FROM changing WHERE i < 100",
    "MERGE INTO changing USING (VALUES (2), (5001)) s(i) ON changing.i = s.i "
    "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT",
    "ALTER TABLE changing ADD COLUMN note VARCHAR",
    "UPDATE changing SET note = 'x'",
    "DELETE FROM changing",
    "INSERT INTO changing (i) VALUES (7)",
    "TRUNCATE changing",
]


def test_row_count_follows_every_change(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE changing (i BIGINT)")
    assert row_of(connection, "changing")["row_count"] == 0
    for statement in CHANGES:
        query(connection, statement)
        counted = query(connection, "SELECT count(*) AS n FROM changing").to_pylist()[0]["n"]
        assert row_of(connection, "changing")["row_count"] == counted, statement


def test_dataset_tells_kind_files_and_when_it_was_made(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE told AS SELECT 1 AS a")
    query(connection, "CREATE VIEW seen AS SELECT a FROM told")
    table, view = row_of(connection, "told"), row_of(connection, "seen")
    assert (table["kind"], table["row_count"], table["file_count"]) == ("table", 1, 1)
    assert table["file_bytes"] > 0
    assert (view["kind"], view["row_count"], view["file_bytes"]) == ("view", None, None)
    query(connection, "ALTER TABLE told RENAME TO retold")
    assert row_of(connection, "retold")["created_at"] == table["created_at"]
    query(connection, "CREATE OR REPLACE TABLE retold AS SELECT 1 AS a")
    assert row_of(connection, "retold")["created_at"] > table["created_at"]


def test_datasets_of_other_schemas_are_qualified_and_control_schemas_left_out(connection: dbapi.Connection) -> None:
    query(connection, "CREATE SCHEMA sales")
    query(connection, "CREATE TABLE sales.orders (id INTEGER)")
    assert row_of(connection, "sales.orders")["row_count"] == 0
    prefixes = query(connection, "SELECT DISTINCT split_part(dataset, '.', 1) AS p FROM catalog.datasets").to_pylist()
    assert not {row["p"] for row in prefixes} & {"catalog", "vectors", "deleted"}
    query(connection, "DROP SCHEMA sales CASCADE")
    assert query(connection, "FROM catalog.datasets WHERE dataset = 'sales.orders'").num_rows == 0


TYPES = [
    *("BOOLEAN", "TINYINT", "UHUGEINT", "DOUBLE", "DECIMAL(18,3)", "VARCHAR", "BLOB", "UUID", "JSON", "INTERVAL"),
    *("DATE", "TIME", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "INTEGER[]", "FLOAT[][]"),
    "STRUCT(a INTEGER, b VARCHAR[])",
    'STRUCT("with space" STRUCT(x DECIMAL(9,2), "quo""te" DATE))',
    "MAP(VARCHAR, STRUCT(a INTEGER, b MAP(INTEGER, DOUBLE[])))",
    'STRUCT(t TIMESTAMP WITH TIME ZONE, "select" INTEGER)[]',
]


def test_data_type_equals_describe_for_every_type(connection: dbapi.Connection) -> None:
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(TYPES))
    query(connection, f"CREATE TABLE typed ({columns})")
    told = query(
        connection,
        "SELECT column_name, data_type FROM catalog.columns WHERE dataset = 'typed' ORDER BY ordinal_position",
    ).to_pylist()
    described = query(connection, "SELECT column_name, column_type FROM (DESCRIBE typed)").to_pylist()
    assert [row["column_name"] for row in told] == [row["column_name"] for row in described]
    # The catalog quotes each name inside a type, DuckDB those that need it: the same type, read back.
    casts = ", ".join(f"typeof(NULL::{row['data_type']}) AS c{n}" for n, row in enumerate(told))
    [read_back] = query(connection, f"SELECT {casts}").to_pylist()
    assert list(read_back.values()) == [row["column_type"] for row in described]


def test_columns_follow_alter_table(connection: dbapi.Connection) -> None:
    query(
        connection, "CREATE TABLE altering (a INTEGER NOT NULL, b STRUCT(x INTEGER), c DATE DEFAULT DATE '2020-01-01')"
    )
    for statement in (
        "ALTER TABLE altering DROP COLUMN c",
        "ALTER TABLE altering ADD COLUMN d VARCHAR DEFAULT 'none'",
        "ALTER TABLE altering ADD COLUMN b.y VARCHAR[]",
        "ALTER TABLE altering ALTER COLUMN a TYPE BIGINT",
        "ALTER TABLE altering RENAME COLUMN a TO z",
        "COMMENT ON COLUMN altering.z IS 'the first'",
    ):
        query(connection, statement)
    found = query(
        connection,
        "SELECT column_name, ordinal_position, data_type, is_nullable, column_default, description "
        "FROM catalog.columns WHERE dataset = 'altering' ORDER BY ordinal_position",
    ).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("z", 1, "BIGINT", False, None, "the first"),
        ("b", 2, 'STRUCT("x" INTEGER, "y" VARCHAR[])', True, None, None),
        ("d", 3, "VARCHAR", True, "none", None),
    ]


@pytest.mark.parametrize(
    "view", ["datasets", "columns", "settings", "jobs", "query_log", "snapshots", "vector_indexes"]
)
def test_control_view_can_be_read_and_not_written(connection: dbapi.Connection, view: str) -> None:
    assert query(connection, f"FROM catalog.{view} LIMIT 1").num_columns > 3
    with pytest.raises(dbapi.Error):
        query(connection, f"DELETE FROM catalog.{view}")
