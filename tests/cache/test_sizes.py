"""The memory that a copy is said to take is what DuckDB takes for it."""

import duckdb
import pytest

from server.cache.sizes import byte_count, varying_bytes

TABLE_MEMORY = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
COLUMNS = {
    "numbers": "range AS a, range::DOUBLE AS b, range::INTEGER AS c, (range % 100)::UTINYINT AS d",
    "one number": "range AS a",
    "NULLs": "CASE WHEN range % 3 = 0 THEN range END AS a",
    "short texts": "'name ' || range AS a, range AS b",
    "long texts": "repeat('x', 200) || range AS a",
    "decimals and dates": "range::DECIMAL(18, 2) AS a, DATE '2025-01-01' AS b, now() AS c",
    "vectors": "range(64)::FLOAT[] AS a",
}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS.keys())
@pytest.mark.parametrize("rows", [50_000, 250_000])
def test_the_size_of_a_copy_is_right_to_a_quarter(columns: str, rows: int) -> None:
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT range AS number, {columns} FROM range({rows})")
        described = connection.execute("DESCRIBE t").fetchall()
        kinds = tuple((str(name), str(kind)) for name, kind, *_ in described[1:])
        [(varying,)] = connection.execute(f"SELECT {varying_bytes(kinds)} FROM t").fetchall()
        [(taken,)] = connection.execute(TABLE_MEMORY).fetchall()
        assert byte_count(kinds, rows, varying) == pytest.approx(taken, rel=0.25)
