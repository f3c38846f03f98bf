"""create_index, refresh_index and drop_index over the life of an index, and at the same time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_manager import dbapi
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.python import LakehouseError
from tests.harness import Server, query
from tests.search.notes import ANIMALS, documents, indexed_animals, make_index, make_texts


def refresh(connection: dbapi.Connection, name: str) -> dict[str, Any]:
    (row,) = query(connection, f"CALL refresh_index(name := '{name}', wait := true)").to_pylist()
    return dict(row)


def shown(connection: dbapi.Connection, name: str) -> list[dict[str, Any]]:
    return query(connection, "SELECT * FROM catalog.vector_indexes WHERE index_name = ?", (name,)).to_pylist()


def test_refresh_follows_inserts_updates_and_deletes(connection: dbapi.Connection) -> None:
    indexed_animals(connection, "farm")
    query(connection, "INSERT INTO farm VALUES (6, 'A horse gallops across the meadow.')")
    query(connection, "UPDATE farm SET body = 'The parrot repeats every word it hears.' WHERE id = 1")
    query(connection, "DELETE FROM farm WHERE id = 3")
    assert documents(connection, "farm", "aquarium", 1) == ["3"], "until a refresh the index stays as it was"
    assert refresh(connection, "farm")["generation"] == 2
    assert documents(connection, "farm", "a galloping horse", 1) == ["6"]
    assert documents(connection, "farm", "talking bird", 1) == ["1"]
    assert sorted(documents(connection, "farm", "anything")) == ["1", "2", "4", "5", "6"]


def test_an_index_over_no_rows_answers_with_none_until_there_are_some(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE filled_afterwards (id INTEGER, vec FLOAT[])")
    assert make_index(connection, "filled_afterwards", vector_column="vec")["row_count"] == 0
    assert documents(connection, "filled_afterwards", [1.0, 2.0, 3.0]) == []
    query(connection, "INSERT INTO filled_afterwards VALUES (1, [1, 2, 3]), (2, [3, 2, 1])")
    refresh(connection, "filled_afterwards")
    assert documents(connection, "filled_afterwards", [3.0, 2.0, 1.1]) == ["2", "1"]
    assert shown(connection, "filled_afterwards")[0]["dimension"] == 3
    query(connection, "DELETE FROM filled_afterwards")
    assert refresh(connection, "filled_afterwards")["row_count"] == 0
    assert documents(connection, "filled_afterwards", [1.0, 2.0, 3.0]) == []


def test_a_view_is_indexed_as_it_is_now(connection: dbapi.Connection) -> None:
    make_texts(connection, "view_base", dict(ANIMALS))
    query(connection, "CREATE VIEW pets AS SELECT id, body FROM view_base WHERE id <= 3")
    assert make_index(connection, "pets")["row_count"] == 3
    query(connection, "DELETE FROM view_base WHERE id = 1")
    assert refresh(connection, "pets")["row_count"] == 2


def test_a_dataset_of_another_schema_is_indexed(connection: dbapi.Connection) -> None:
    query(connection, "CREATE SCHEMA menagerie")
    make_texts(connection, "menagerie.beasts", dict(ANIMALS))
    query(
        connection,
        "CALL create_index(name := 'beasts', dataset := 'menagerie.beasts', key_column := 'id', "
        "text_columns := ['body'], wait := true)",
    )
    assert documents(connection, "beasts", "barking", 1) == ["2"]


def test_names_that_need_quotes_are_quoted(connection: dbapi.Connection) -> None:
    query(connection, """CREATE TABLE "odd name" AS SELECT 1 AS "the key", 'A cat.' AS "select" """)
    query(
        connection,
        "CALL create_index(name := 'table', dataset := 'odd name', key_column := 'the key', "
        "text_columns := ['select'], wait := true)",
    )
    assert documents(connection, "table", "cat") == ["1"]


def test_an_index_outlives_its_dataset_and_says_why_it_cannot_be_refreshed(connection: dbapi.Connection) -> None:
    indexed_animals(connection, "mortal")
    query(connection, "DROP TABLE mortal")
    with pytest.raises(dbapi.Error, match=r"no dataset 'mortal'.*\[not_found\]"):
        refresh(connection, "mortal")
    assert documents(connection, "mortal", "barking", 1) == ["2"]
    assert shown(connection, "mortal")[0]["status"] == "ready"


def test_an_index_that_failed_before_it_was_built_can_be_created_again(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE keyed_anew AS SELECT 1 AS id, 2 AS other, 'A cat.' AS body UNION ALL SELECT 1, 3, 'A dog.'",
    )
    with pytest.raises(dbapi.Error, match="must name each row once"):
        make_index(connection, "keyed_anew")
    made = make_index(connection, "keyed_anew", key_column="other")
    assert (made["status"], made["row_count"]) == ("ready", 2)


def test_an_index_that_failed_before_it_was_built_can_be_refreshed(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE mended AS SELECT 1 AS id, 'A cat.' AS body UNION ALL SELECT 1, 'A dog.'")
    with pytest.raises(dbapi.Error, match="must name each row once"):
        make_index(connection, "mended")
    query(connection, "DELETE FROM mended WHERE body = 'A dog.'")
    assert refresh(connection, "mended")["status"] == "ready"


def test_a_dropped_index_is_gone_with_its_files_and_its_name_is_free(
    server: Server, connection: dbapi.Connection
) -> None:
    indexed_animals(connection, "short_lived")
    assert list((server.data / "indexes").glob("short_lived.*"))
    query(connection, "CALL drop_index(name := 'short_lived')")
    assert shown(connection, "short_lived") == []
    assert not list((server.data / "indexes").glob("short_lived.*"))
    with pytest.raises(dbapi.Error, match="there is no index 'short_lived'"):
        documents(connection, "short_lived", "cat")
    assert make_index(connection, "short_lived")["row_count"] == len(ANIMALS)
    assert documents(connection, "short_lived", "barking", 1) == ["2"]


def test_only_the_last_two_generations_keep_their_files(server: Server, connection: dbapi.Connection) -> None:
    indexed_animals(connection, "often")
    for _ in range(3):
        newest = refresh(connection, "often")["generation"]
    folders = {folder.name for folder in (server.data / "indexes").glob("often.*")}
    assert folders == {f"often.g{newest - 1}", f"often.g{newest}"}


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run all of them at the same moment; each result, or the error it raised."""
    ready = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return call()
        except LakehouseError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_many_who_create_an_index_at_once_one_does(server: Server, connection: dbapi.Connection) -> None:
    make_texts(connection, "wanted_by_many", dict(ANIMALS))
    arguments = {"dataset": "wanted_by_many", "key_column": "id", "text_columns": ["body"], "wait": True}
    with server.operations() as operations:
        results = at_once(
            *[
                lambda n=name: operations.call("create_index", name=n, **arguments)
                for name in ("hot", "HOT", "hot", "Hot")
            ]
        )
    refused = [result for result in results if isinstance(result, LakehouseError)]
    assert [error.code for error in refused] == ["already_exists"] * 3
    assert documents(connection, "hot", "barking", 1) == ["2"]


def test_drops_refreshes_and_searches_at_once_leave_nothing_behind(
    server: Server, connection: dbapi.Connection
) -> None:
    indexed_animals(connection, "storm")
    with server.operations() as operations, server.connect() as second:

        def search() -> list[str]:
            try:
                for _ in range(20):
                    documents(second, "storm", "barking", 1)
            except dbapi.Error as error:
                assert "there is no index 'storm'" in str(error)  # noqa: PT017
            return []

        results = at_once(
            search,
            *[lambda: operations.call("refresh_index", name="storm", wait=True)] * 3,
            lambda: operations.call("drop_index", name="storm"),
            lambda: operations.call("drop_index", name="storm"),
        )
    codes = [result.code for result in results if isinstance(result, LakehouseError)]
    assert "not_found" in codes, "one of the two drops comes second"
    assert set(codes) <= {"not_found", "cancelled"}
    assert shown(connection, "storm") == []
    assert not list((server.data / "indexes").glob("storm.*"))
    sql = "SELECT count(*) AS n FROM catalog.jobs WHERE subject = 'storm' AND status IN ('queued', 'running')"
    assert query(connection, sql).to_pylist() == [{"n": 0}]
    assert make_index(connection, "storm")["row_count"] == len(ANIMALS)


def break_files(folder: Path) -> None:
    (folder / "index.faiss").write_bytes(b"no index")


def remove_files(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


@pytest.mark.parametrize("damage", [break_files, remove_files])
def test_a_lost_generation_is_made_again_at_start_from_the_stored_vectors(
    data: Path, damage: Callable[[Path], None]
) -> None:
    with Server(data) as server:
        with server.connect() as connection:
            query(connection, "CREATE TABLE lasting AS SELECT i AS id, [i::FLOAT, 1] AS vec FROM range(4) t(i)")
            make_index(connection, "lasting", vector_column="vec")
            query(connection, "DROP TABLE lasting")
        server.stop()
        damage(data / "indexes" / "lasting.g1")
        (data / "indexes" / "lasting.g7").mkdir()  # what a crash left: finished, but never recorded
        server.start()
        with server.operations() as operations:
            (job,) = server.rows("SELECT job_id FROM catalog.jobs WHERE actor = 'lakehouse'")
            *_, last = operations.watch(job["job_id"], poll_s=0.05)
        assert last.message is not None
        assert "no dataset 'lasting'" in last.message
        with server.connect() as connection:
            assert documents(connection, "lasting", [2.0, 1.0], 1) == ["2"]
        assert (data / "indexes" / "lasting.g2").exists()
        assert not (data / "indexes" / "lasting.g7").exists()


changes = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "delete"]),
        st.integers(0, 12),
        st.lists(st.integers(-4, 4), min_size=3, max_size=3).filter(any),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes)
def test_after_any_changes_and_a_refresh_exact_search_is_what_sql_computes(
    connection: dbapi.Connection, steps: list[tuple[str, int, list[int]]]
) -> None:
    if not shown(connection, "shifting_vectors"):
        query(
            connection,
            "CREATE TABLE shifting_vectors AS SELECT i AS id, [i::FLOAT, 5 - i, 2] AS vec FROM range(8) t(i)",
        )
        make_index(connection, "shifting_vectors", vector_column="vec", metric="l2", index_type="exact")
    for kind, key, vector in steps:
        if kind == "insert":
            key_sql = "(SELECT coalesce(max(id), 0) + 1 FROM shifting_vectors)"
            sql = f"INSERT INTO shifting_vectors SELECT {key_sql}, {vector}::FLOAT[]"
        elif kind == "update":
            sql = f"UPDATE shifting_vectors SET vec = {vector}::FLOAT[] WHERE id = {key}"
        else:
            sql = f"DELETE FROM shifting_vectors WHERE id = {key}"
        query(connection, sql)
    refresh(connection, "shifting_vectors")
    asked = [0.37, -1.21, 2.53]  # no two lattice points are equally far from here
    expected = query(
        connection, f"SELECT id::VARCHAR AS id, list_distance(vec, {asked}::FLOAT[]) AS d FROM shifting_vectors"
    )
    found = query(
        connection, f"SELECT doc_id AS id, -score AS d FROM vector_search('shifting_vectors', {asked}, k := 100)"
    )
    by_id = {row["id"]: row["d"] for row in expected.to_pylist()}
    got = {row["id"]: row["d"] for row in found.to_pylist()}
    assert got == pytest.approx(by_id, rel=1e-4)
    assert [row["d"] for row in found.to_pylist()] == sorted(got.values())
