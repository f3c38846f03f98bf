"""Two servers on one lake: a change of a table by one is met by the other's next query, or by the one after."""

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
