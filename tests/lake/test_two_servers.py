"""Two servers on one lake: a change of a table by one is met by the other's next query, or by the one after."""

import contextlib
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query
from tests.lake.conftest import Environment

pytestmark = pytest.mark.postgres


def test_a_table_that_another_server_altered_can_be_read_again(on_postgres: Environment, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    shared = {**on_postgres, "LAKEHOUSE_LAKE_DATA": str(tmp_path / "lake")}
    with (
        Server(tmp_path / "one", environment=shared) as one,
        Server(tmp_path / "two", environment=shared) as two,
        one.connect() as reader,
        two.connect() as writer,
    ):
        query(reader, "CREATE TABLE altered AS SELECT 0 AS n")
        assert query(reader, "SELECT * FROM altered").to_pylist() == [{"n": 0}]
        query(writer, "ALTER TABLE altered ADD COLUMN m INTEGER DEFAULT 7")
        with pytest.raises(dbapi.Error, match="run the statement again"):
            query(reader, "SELECT * FROM altered")
        assert query(reader, "SELECT * FROM altered").to_pylist() == [{"n": 0, "m": 7}]


def test_a_tombstone_puts_values_into_columns_that_another_server_renamed(
    on_postgres: Environment, tmp_path: Path
) -> None:
    (tmp_path / "lake").mkdir()
    shared = {**on_postgres, "LAKEHOUSE_LAKE_DATA": str(tmp_path / "lake")}
    with (
        Server(tmp_path / "one", environment=shared) as one,
        Server(tmp_path / "two", environment=shared) as two,
        one.connect() as reader,
        two.connect() as writer,
    ):
        query(
            reader, "CREATE TABLE swapped AS SELECT i AS id, 'first ' || i AS a, 'second ' || i AS b FROM range(3) t(i)"
        )
        tombstone = "CALL tombstone(dataset := 'swapped', key_column := 'id', key_values := [{}], reason := 'test')"
        query(reader, tombstone.format(0))
        for change in ("a TO c", "b TO a", "c TO b"):
            query(writer, f"ALTER TABLE swapped RENAME COLUMN {change}")
        with contextlib.suppress(dbapi.Error):  # the first meeting with the change
            query(reader, "FROM swapped")
        query(reader, tombstone.format(1))
        query(reader, "CALL untombstone(dataset := 'swapped', key_values := [0, 1])")
        rows = query(reader, "SELECT id, a, b FROM swapped ORDER BY id").to_pylist()
        assert rows == [{"id": n, "a": f"second {n}", "b": f"first {n}"} for n in range(3)]
