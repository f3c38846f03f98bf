"""A real lake's metadata rows become the types that DuckDB reports for its tables."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import duckdb_extension_ducklake
import pyarrow as pa
import pytest

from server.catalog.lake_types import LakeColumn, column_types, ducklake_type
from server.errors import Unsupported

SCALARS = [
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL(4,1)", "DECIMAL(38,0)"),
    *("VARCHAR", "JSON", "UUID", "BLOB", "GEOMETRY", "DATE", "TIME", "TIME_NS", "TIME WITH TIME ZONE", "INTERVAL"),
    *("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
]
NESTED = [
    "INTEGER[]",
    "DECIMAL(9,2)[][]",
    'STRUCT("a" INTEGER, "b c" VARCHAR[], "q""q" STRUCT("x" DATE))',
    'MAP(VARCHAR, STRUCT("x" DECIMAL(4,1))[])',
    'STRUCT("t" TIMESTAMP WITH TIME ZONE, "timestamp" MAP(INTEGER, UUID))[]',
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("lake")
    [extension] = Path(duckdb_extension_ducklake.__path__[0]).rglob("ducklake.duckdb_extension")
    connection = duckdb.connect()
    connection.execute(f"LOAD '{extension}'")
    connection.execute(
        f"ATTACH 'ducklake:{folder}/x.ducklake' AS l (DATA_PATH '{folder}/data', DATA_INLINING_ROW_LIMIT 0)"
    )
    yield connection
    connection.close()


def stored_columns(lake: duckdb.DuckDBPyConnection, table: str) -> list[LakeColumn]:
    rows = lake.execute(
        "SELECT column_id, column_name, column_type, parent_column, nulls_allowed "
        "FROM __ducklake_metadata_l.ducklake_column JOIN __ducklake_metadata_l.ducklake_table t USING (table_id) "
        "WHERE t.table_name = ? AND t.end_snapshot IS NULL AND ducklake_column.end_snapshot IS NULL "
        "ORDER BY column_order",
        [table],
    ).fetchall()
    return [LakeColumn(*row) for row in rows]


def test_all_types_of_a_lake_are_those_that_duckdb_exports(lake: duckdb.DuckDBPyConnection) -> None:
    names = [f"c{n}" for n in range(len(SCALARS + NESTED))]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, SCALARS + NESTED, strict=True))
    lake.execute(f"CREATE TABLE l.all_types ({columns})")
    lake.execute("SET TimeZone = 'Europe/Berlin'")
    found = column_types(stored_columns(lake, "all_types"), "Europe/Berlin")
    exported = lake.execute("FROM l.all_types").to_arrow_reader().schema
    assert pa.schema([column.field for column in found]).serialize().equals(exported.serialize())
    assert [(column.name, column.duckdb_type) for column in found] == list(zip(names, SCALARS + NESTED, strict=True))


def test_altered_table_is_read_in_its_new_shape(lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute("CREATE TABLE l.changing (a INTEGER NOT NULL, b STRUCT(x INTEGER), c DATE)")
    lake.execute("ALTER TABLE l.changing DROP COLUMN c")
    lake.execute("ALTER TABLE l.changing ADD COLUMN b.y VARCHAR[]")
    lake.execute("ALTER TABLE l.changing ALTER COLUMN a TYPE BIGINT")
    lake.execute("ALTER TABLE l.changing RENAME COLUMN a TO z")
    found = column_types(stored_columns(lake, "changing"))
    assert [(column.name, column.duckdb_type, column.field.nullable) for column in found] == [
        ("z", "BIGINT", False),
        ("b", 'STRUCT("x" INTEGER, "y" VARCHAR[])', True),
    ]


def test_variant_column_is_announced_as_text(lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute("CREATE TABLE l.variants (v VARIANT, n INTEGER)")
    [v, n] = column_types(stored_columns(lake, "variants"))
    assert (v.duckdb_type, v.field.type) == ("VARIANT", pa.string())
    assert (n.duckdb_type, n.field.type) == ("INTEGER", pa.int32())


@pytest.mark.parametrize("name", ["list", "int256", "", "INT32"])
def test_name_that_is_no_scalar_of_ducklake_is_unsupported(name: str) -> None:
    with pytest.raises(Unsupported, match="DuckLake type"):
        ducklake_type(name)


def test_nested_column_without_its_parts_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="'c' is a list with 0 parts"):
        column_types([LakeColumn(1, "c", "list")])
