"""What maintenance of the lake asks of the hot cache: to rest, to forget, and to be scanned. No client can ask it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalog_sql import load
from server.cache.service import HotCache
from server.catalog.datasets import find_dataset
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Unavailable
from server.sql.statements import parse
from server.sql.tree import Parser
from tests.lake.ports import wait_until

TABLE = "SELECT range AS n, 'row ' || range AS v FROM range(1000)"


class Lake:
    """A lake with a hot cache and without a server."""

    def __init__(self, data: Path) -> None:
        folder = DataFolder(data)
        folder.make()
        self.engine = Engine(Settings(data=data, threads=1), folder)
        self.parser = Parser()
        self.cache = HotCache(self.engine, self.parser)

    def run(self, text: str) -> None:
        self.engine.commit(SERVER, "test", lambda cursor: cursor.execute(text).discard())

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        return self.engine.read(lambda cursor: cursor.rows(text))

    def pin(self, table: str) -> None:
        self.cache.pin(find_dataset(self.engine, table), SERVER)

    def from_memory(self, text: str) -> list[tuple[Any, ...]] | None:
        """What copies answer; None if the lake is to be read."""
        route = self.cache.find(parse(self.parser, text), "main", lambda functions: True)
        return None if route is None else self.rows(route.statement.text)

    def wait(self, text: str) -> list[tuple[Any, ...]]:
        """What copies answer, once they do."""
        found = list[list[tuple[Any, ...]] | None]()

        def answered() -> bool:
            found.append(self.from_memory(text))
            return found[-1] is not None

        wait_until(answered, "the copies did not follow the lake")
        return found[-1] or []

    def states(self) -> dict[str, str]:
        return {row["dataset"]: row["state"] for row in self.cache.rows()}


@contextmanager
def opened(data: Path) -> Iterator[Lake]:
    made = Lake(data)
    try:
        made.engine.commit(SERVER, "control tables", _control_tables)
        made.cache.start()
        yield made
    finally:
        made.cache.stop()
        made.engine.close()


def _control_tables(cursor: LakeCursor) -> None:
    """Those of the cache alone: the whole schema would take seconds."""
    cursor.execute("CREATE SCHEMA lakehouse.catalog")
    parser = Parser()
    [pins, *_] = parser.statements(load("views/cache.sql"))
    for statement in [*parser.statements(load("migrations/0008_cache.sql")), pins]:
        cursor.execute(statement.query)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with opened(tmp_path_factory.mktemp("maintained")) as made:
        yield made


@pytest.fixture
def pinned(lake: Lake, request: pytest.FixtureRequest) -> Iterator[str]:
    """A pinned table of the test's own: n from 0 to 999."""
    name = request.node.name
    lake.run(f"CREATE OR REPLACE TABLE {name} AS {TABLE}")
    lake.pin(name)
    yield name
    lake.cache.evict("main", name, SERVER)


def count(table: str) -> str:
    return f"SELECT count(*) FROM {table}"


def test_in_a_pause_the_lake_is_read_and_afterwards_memory(lake: Lake, pinned: str) -> None:
    assert lake.from_memory(count(pinned)) == [(1000,)]
    with lake.cache.paused():
        assert lake.from_memory(count(pinned)) is None
        assert lake.states()[pinned] == "behind"
        lake.run(f"DELETE FROM {pinned} WHERE n < 10")
    assert lake.wait(count(pinned)) == [(990,)]


def test_in_a_pause_nothing_is_followed(lake: Lake, pinned: str) -> None:
    with lake.cache.paused():
        lake.run(f"DELETE FROM {pinned}")
        [copy] = [name for dataset, name in lake.cache.copies() if dataset == pinned]
        lake.cache.rebuild()
        lake.run(f"INSERT INTO {pinned} VALUES (1, 'one')")
        assert lake.cache.copies() == []
        assert lake.states()[pinned] == "loading"
    assert lake.wait(f"SELECT v FROM {pinned}") == [("one",)]
    assert copy not in dict(lake.cache.copies()).values()


def test_in_a_pause_the_lake_can_be_detached(tmp_path: Path) -> None:
    """As it is when the catalog's file is written anew: its file stays open while anyone holds a transaction on it."""
    with opened(tmp_path) as lake:
        lake.run(f"CREATE TABLE t AS {TABLE}")
        lake.pin("t")
        assert lake.from_memory(count("t")) is not None
        root = lake.engine.root
        with lake.cache.paused():
            root.execute("USE memory")
            root.execute("DETACH lakehouse")
            assert lake.from_memory(count("t")) is None
            lake.cache.rebuild()
            assert lake.cache.rows()[0]["state"] == "loading"
            open_files = {os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()}
            assert not [path for path in open_files if path.startswith(str(tmp_path / "catalog"))]
            lake.cache.stop()


def test_in_a_pause_pinning_and_evicting_are_refused(lake: Lake, pinned: str) -> None:
    with lake.cache.paused():
        with pytest.raises(Unavailable, match="try again"):
            lake.pin(pinned)
        with pytest.raises(Unavailable, match="try again"):
            lake.cache.evict("main", pinned, SERVER)
    assert lake.wait(count(pinned)) == [(1000,)]


def test_a_pause_waits_for_the_copy_that_is_being_made(lake: Lake) -> None:
    lake.run("CREATE TABLE slow AS SELECT range AS n, 'text ' || range AS v FROM range(2_000_000)")
    thread = threading.Thread(target=lake.pin, args=("slow",))
    thread.start()
    wait_until(lambda: lake.cache._keeping._cursor is not None or not thread.is_alive(), "no copy was made")
    with lake.cache.paused():
        assert lake.cache._keeping._cursor is None
    thread.join()
    lake.cache.evict("main", "slow", SERVER)


def test_two_pauses_end_with_the_last(lake: Lake, pinned: str) -> None:
    with lake.cache.paused():
        with lake.cache.paused():
            pass
        assert lake.from_memory(count(pinned)) is None
    assert lake.wait(count(pinned)) == [(1000,)]


def test_a_server_stops_in_a_pause(tmp_path: Path) -> None:
    with opened(tmp_path) as lake:
        lake.run(f"CREATE TABLE t AS {TABLE}")
        lake.pin("t")
        with lake.cache.paused():
            lake.cache.stop()


def test_what_was_deleted_is_in_no_copy_after_a_rebuild(lake: Lake, pinned: str) -> None:
    lake.run(f"DELETE FROM {pinned} WHERE n = 500")
    lake.cache.rebuild()
    assert lake.wait(count(pinned)) == [(999,)]
    [copy] = [name for dataset, name in lake.cache.copies() if dataset == pinned]
    assert lake.rows(f"SELECT count(*), count(*) FILTER (v = 'row 500') FROM {copy}") == [(999, 0)]


def test_a_rebuild_leaves_nothing_in_memory_that_no_pin_owns(lake: Lake, pinned: str) -> None:
    lake.engine.read(lambda cursor: cursor.execute("CREATE TABLE memory.__cache.left_behind AS SELECT 1 AS a"))
    lake.cache.rebuild()
    tables = lake.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = '__cache'")
    assert ("left_behind",) not in tables
    assert lake.wait(count(pinned)) == [(1000,)]


def test_copies_are_the_tables_that_hold_rows_of_the_lake(lake: Lake, pinned: str) -> None:
    lake.run(f"INSERT INTO {pinned} VALUES (5000, 'late')")
    lake.wait(count(pinned))
    tables = lake.rows("SELECT 'memory.__cache.' || table_name FROM duckdb_tables() WHERE schema_name = '__cache'")
    copies = lake.cache.copies()
    assert {name for _, name in copies} == {name for (name,) in tables}
    assert lake.rows(f"SELECT count(*) FROM {dict(copies)[pinned]} WHERE v = 'late'") == [(1,)]


def test_a_dataset_that_could_not_be_copied_is_tried_again_by_a_rebuild(lake: Lake) -> None:
    lake.run(f"CREATE TABLE comes AS {TABLE}")
    lake.pin("comes")
    lake.run("DROP TABLE comes")
    wait_until(lambda: lake.states()["comes"] == "failed", "the table was not missed")
    lake.run(f"CREATE TABLE comes AS {TABLE}")
    lake.cache.rebuild()
    assert lake.wait(count("comes")) == [(1000,)]
    lake.cache.evict("main", "comes", SERVER)
