"""Columns without an alias are named as DuckDB itself names them, before the run and in it."""

from typing import Any

import duckdb
import pytest
from adbc_driver_manager import dbapi

from tests.harness import query

TABLE = "(SELECT 7 AS id, [1, 2] AS l, TIMESTAMP '2025-01-01 00:00:00' AS made) q"
COLUMNS: dict[str, tuple[Any, ...]] = {
    "list_filter(l, lambda x: x > 1)": (),
    "list_filter(l, lambda x: x > ?)": (1,),
    "[y + 1 FOR y IN l], id, id": (),
    "made + INTERVAL 1 DAY": (),
    "made - INTERVAL (id) HOUR, ? + 1": (5,),
    "made + INTERVAL (?) DAY": (3,),
    "INTERVAL 2 YEAR AS named, id + 1": (),
    "id::DOUBLE, -id, id BETWEEN 1 AND 2, CASE WHEN id = 1 THEN 2 END": (),
}


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_column_is_named_as_duckdb_names_it(connection: dbapi.Connection, columns: str) -> None:
    sql, values = f"SELECT {columns} FROM {TABLE}", COLUMNS[columns]
    expected = duckdb.execute(sql, values).to_arrow_table().schema.names
    assert query(connection, sql, values or None).schema.names == expected
