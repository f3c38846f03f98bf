"""No file under the data folder and no table of the lake is without a surface that an erasure covers it by."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from server.erasing.surfaces.places import (
    ELSEWHERE,
    FILES,
    SURFACES,
    TABLES,
    files,
    place_of_file,
    place_of_table,
    tables,
)
from tests.erasure.people import call, make_people, tombstone
from tests.erasure.vector_lake import opened
from tests.harness import Server, query
from tests.search.notes import make_index

LOOK_S = 0.02


@contextmanager
def watched(data: Path) -> Iterator[set[str]]:
    """Every file that is seen in the folder meanwhile, those that come and go included."""
    seen: set[str] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            seen.update(path for path, _ in files(data))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
        seen.update(path for path, _ in files(data))


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """The data folder of a server that has ended and had each feature used that writes, and all files seen there."""
    data = tmp_path_factory.mktemp("places") / "data"
    with watched(data) as seen, Server(data, "--query-log-flush-s", "0.2") as server:
        _use(server)
        server.kill()
        server.start()
        server.rows("SELECT 1")
    return data, seen


def _use(server: Server) -> None:
    with server.connect() as connection, server.operations() as operations:
        make_people(connection, "people")
        query(connection, "CREATE SCHEMA other")
        query(connection, "CREATE TABLE other.people AS FROM people")
        query(connection, "CREATE VIEW people_v AS FROM people")
        content = base64.b64encode(b"a,b\n1,x\n2,y\n").decode()
        operations.call("ingest_file", dataset="sent", content=content, file_name="sent.csv")
        (server.data / "import" / "mine.csv").write_bytes(b"a,b\n1,x\n")
        operations.call("ingest_file", dataset="read", path="mine.csv")
        query(connection, f"COPY people TO '{server.data.resolve() / 'export' / 'people.parquet'}'")
        make_index(connection, "exact", dataset="sent", key_column="a", text_columns=["b"])
        make_index(connection, "graph", dataset="sent", key_column="a", text_columns=["b"], index_type="hnsw")
        query(connection, "FROM vector_search('graph', 'x')")
        for _ in range(2):
            call(connection, "refresh_index", name="graph", wait=True)
        operations.call("set_journal", dataset="people", enabled=True, entity_column="email")
        operations.call("journal_append", events=[{"dataset": "people", "key": "k", "field": "f", "new_value": "v"}])
        query(connection, "UPDATE people SET note = 'new' WHERE id = 1")
        query(connection, "CALL journal_flush()")
        call(connection, "cache_pin", dataset="people")
        call(connection, "declare_primary_key", dataset="people", columns=["id"])
        operations.call("set_metadata", dataset="people", description="People who are here.")
        operations.call("create_schedule", name="nightly", cron="0 3 * * *", operation="compact")
        operations.call("create_principal", name="ann", password="correct horse battery", roles=["admin"])
        operations.call("create_key", principal="ann", name="a program")
        operations.call("set_limits", principal="ann", result_rows_max=5)
        tombstone(connection, "people", "ada")
        query(connection, "INSERT INTO people VALUES (1, 'ada@example.org', 'again')")
        query(connection, "ALTER TABLE other.people SET PARTITIONED BY (note)")
        query(connection, "INSERT INTO other.people VALUES (1, 'x', 'a/b')")
        call(connection, "compact", dataset="people", keep_tombstones=True)
        query(connection, "CALL erase(dataset := 'people')")


def test_every_file_has_a_surface(used: tuple[Path, set[str]]) -> None:
    _, seen = used
    assert {path for path in seen if place_of_file(PurePosixPath(path)) is None} == set()


def test_every_kind_of_file_was_seen(used: tuple[Path, set[str]]) -> None:
    """Or the places tell of what is not there any more. The first start makes some of them in a moment."""
    _, seen = used
    met = {place_of_file(PurePosixPath(path)) for path in seen}
    brief = {"catalog/*.new", "catalog/*.new.wal", "log/probe", "tmp/**", "uploads/*"}
    brief |= {"indexes/*.unfinished/vectors.f32", "catalog/*.ducklake.wal", "catalog/lake.rewritten*", "erasures/*"}
    assert {place.pattern for place in FILES if place not in met} <= brief


def test_every_table_has_a_surface_and_every_place_a_table(used: tuple[Path, set[str]]) -> None:
    data, _ = used
    with opened(data) as lake:
        found = dict(lake.engine.read(lambda cursor: list(tables(cursor))))
    assert {name for name, place in found.items() if place is None} == set()
    assert set(TABLES) <= set(found.values())
    assert {"main.people", "other.people", "deleted.people", "vectors.graph", "catalog.migrations"} <= found.keys()


def test_what_nobody_has_listed_has_no_surface() -> None:
    for path in ("indexes/graph.g1/keywords.bin", "catalog/notes.txt", "keys/other", "answers/1", "indexes/stray"):
        assert place_of_file(PurePosixPath(path)) is None, path
    assert place_of_table("catalog", "rag_log_entries") is None


def test_places_and_surfaces_name_each_other() -> None:
    named = {place.surface for place in (*FILES, *TABLES, *ELSEWHERE)}
    assert named <= SURFACES.keys()
    assert SURFACES.keys() - named == {"other datasets"}, "these are what users' tables are"
