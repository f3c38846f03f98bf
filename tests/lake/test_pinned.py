"""Two servers on one lake: what one commits, the other's pinned datasets show at once."""

from pathlib import Path

import pytest

from tests.cache.watching import from_memory, pin, wait_ready
from tests.harness import Server, query
from tests.lake.conftest import Environment

pytestmark = pytest.mark.postgres


def test_a_commit_of_another_server_is_never_missed(on_postgres: Environment, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    shared = {**on_postgres, "LAKEHOUSE_LAKE_DATA": str(tmp_path / "lake")}
    with (
        Server(tmp_path / "one", environment=shared) as one,
        Server(tmp_path / "two", environment=shared) as two,
        one.connect() as reader,
        two.connect() as writer,
    ):
        query(reader, "CREATE TABLE told AS SELECT 0 AS n")
        pin(reader, "told")
        assert from_memory(reader, "told", "SELECT sum(n) FROM told")[1]
        for n in range(1, 6):
            query(writer, f"INSERT INTO told VALUES ({n})")
            assert query(reader, "SELECT max(n) AS n FROM told").to_pylist() == [{"n": n}]
        query(writer, "DELETE FROM told WHERE n < 3")
        assert query(reader, "SELECT min(n) AS n FROM told").to_pylist() == [{"n": 3}]
        wait_ready(reader, "told")
        found, hit = from_memory(reader, "told", "SELECT list(n ORDER BY n) AS n FROM told")
        assert hit
        assert found.to_pylist() == [{"n": [3, 4, 5]}]
        query(writer, "ALTER TABLE told ADD COLUMN m INTEGER DEFAULT 7")
        wait_ready(reader, "told")
        found, hit = from_memory(reader, "told", "SELECT m FROM told LIMIT 1")
        assert hit
        assert found.to_pylist() == [{"m": 7}]
        shadowed = "SELECT upper('a') || m AS s FROM told LIMIT 1"
        assert query(reader, shadowed).to_pylist() == [{"s": "A7"}]
        query(writer, "CREATE MACRO upper(x) AS 'mine '")
        assert query(reader, shadowed).to_pylist() == [{"s": "mine 7"}]
        wait_ready(reader, "told")
        assert query(reader, shadowed).to_pylist() == [{"s": "mine 7"}]
