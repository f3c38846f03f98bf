"""Data frames by the ways that their own documentation names: polars, pandas, pyarrow's datasets."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query

ROWS: dict[str, list[Any]] = {
    "n": [1, 2, None],
    "t": ["x", "ünï", None],
    "d": [dt.date(2024, 2, 29), None, dt.date(1969, 12, 31)],
    "f": [1.5, None, -0.0],
}


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        yield opened


def test_polars_reads_with_parameters(connection: dbapi.Connection) -> None:
    text = "SELECT range AS a, 'x' || range AS b FROM range(10) WHERE range >= ?"
    frame = pl.read_database(text, connection, execute_options={"parameters": [8]})
    assert frame.to_dicts() == [{"a": 8, "b": "x8"}, {"a": 9, "b": "x9"}]


def test_polars_reads_in_batches(connection: dbapi.Connection) -> None:
    frames = list(pl.read_database("SELECT range AS a FROM range(100_000)", connection, iter_batches=True))
    assert sum(frame.height for frame in frames) == 100_000


@pytest.mark.parametrize(("mode", "height"), [("replace", 3), ("append", 6)])
def test_polars_writes_by_adbc(connection: dbapi.Connection, mode: str, height: int) -> None:
    frame = pl.DataFrame(ROWS)
    pl.DataFrame(ROWS).write_database("frames_polars", connection, if_table_exists="replace", engine="adbc")
    written = frame.write_database("frames_polars", connection, if_table_exists=mode, engine="adbc")  # type: ignore[arg-type]
    assert written == 3
    found = pl.read_database("FROM frames_polars", connection)
    assert found.height == height
    assert found.head(3).to_dicts() == frame.to_dicts()


def test_polars_fails_where_the_table_is_there(connection: dbapi.Connection) -> None:
    frame = pl.DataFrame({"a": [1]})
    frame.write_database("frames_there", connection, if_table_exists="replace", engine="adbc")
    with pytest.raises(dbapi.Error, match="already exists"):
        frame.write_database("frames_there", connection, if_table_exists="fail", engine="adbc")


def test_pandas_reads_and_has_no_parameters_for_adbc(connection: dbapi.Connection) -> None:
    frame = pd.read_sql("SELECT range AS a FROM range(10) WHERE range >= 8", connection)
    assert frame["a"].tolist() == [8, 9]
    with pytest.raises(NotImplementedError, match="params"):
        pd.read_sql("SELECT ? AS a", connection, params=[8])


def test_pandas_reads_arrow_types(connection: dbapi.Connection) -> None:
    frame = pd.read_sql("SELECT 1::INTEGER AS a, [1, 2] AS l", connection, dtype_backend="pyarrow")
    assert str(frame.dtypes["a"]) == "int32[pyarrow]"
    assert frame["l"].tolist() == [[1, 2]]


@pytest.mark.parametrize(("mode", "height"), [("replace", 3), ("append", 6)])
def test_pandas_writes(connection: dbapi.Connection, mode: str, height: int) -> None:
    frame = pd.DataFrame({"n": pd.array(ROWS["n"], "Int64"), "t": ROWS["t"]})
    frame.to_sql("frames_pandas", connection, if_exists="replace", index=False)
    assert frame.to_sql("frames_pandas", connection, if_exists=mode, index=False) == 3
    found = query(connection, "FROM frames_pandas")
    assert found.num_rows == height
    assert found.to_pylist()[:3] == [{"n": n, "t": t} for n, t in zip(ROWS["n"], ROWS["t"], strict=True)]


def test_pandas_fails_where_the_table_is_there(connection: dbapi.Connection) -> None:
    frame = pd.DataFrame({"a": [1]})
    frame.to_sql("frames_pandas_there", connection, if_exists="replace", index=False)
    with pytest.raises(ValueError, match="already exists"):
        frame.to_sql("frames_pandas_there", connection, if_exists="fail", index=False)


def test_pandas_reads_a_whole_table(connection: dbapi.Connection) -> None:
    query(connection, "CREATE OR REPLACE TABLE frames_whole AS SELECT range AS a FROM range(3)")
    assert pd.read_sql_table("frames_whole", connection)["a"].tolist() == [0, 1, 2]


def test_a_result_is_written_as_a_dataset_while_it_streams(connection: dbapi.Connection, tmp_path: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT range AS a, range % 2 AS part FROM range(100_000)")
        ds.write_dataset(cursor.fetch_record_batch(), str(tmp_path), format="parquet", partitioning=["part"])
    found = ds.dataset(str(tmp_path), partitioning=["part"])
    assert found.count_rows() == 100_000


def test_a_dataset_is_loaded_while_it_is_read(connection: dbapi.Connection, tmp_path: object) -> None:
    rows = pa.table({"a": range(100_000), "b": ["text"] * 100_000})
    ds.write_dataset(rows, str(tmp_path), format="parquet")
    with connection.cursor() as cursor:
        reader = ds.dataset(str(tmp_path)).scanner(batch_size=10_000).to_reader()
        assert cursor.adbc_ingest("frames_dataset", reader, mode="replace") == 100_000
    assert query(connection, "SELECT sum(a) AS s FROM frames_dataset").to_pylist() == [{"s": sum(range(100_000))}]
