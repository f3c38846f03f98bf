"""profile_columns() through the front door: what it keeps, what it shows later, what it refuses."""

import time
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from clients.python import lakehouse_error
from tests.harness import Server, query
from tests.profiling.profiles import make_sensitive, profile, shown, top

WAIT_S = 60.0


def test_profile_is_on_record_with_snapshot_and_job(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_record AS SELECT i FROM range(10) t(i)")
    (told,) = query(connection, "CALL profile_columns(dataset := 'main.PROFILED_record')").to_pylist()
    row = shown(connection, "profiled_record")["i"]
    assert told["dataset"] == "profiled_record"
    assert (told["row_count"], told["column_count"], told["withheld_count"]) == (10, 1, 0)
    assert (row["snapshot_id"], row["profiled_by"], row["withheld"]) == (told["snapshot_id"], "admin", False)
    (job,) = query(connection, "FROM catalog.jobs WHERE job_id = ?", (told["job_id"],)).to_pylist()
    assert (job["kind"], job["status"], job["done"], job["total"]) == ("profile_columns", "succeeded", 1, 1)
    found = query(connection, f"SELECT count(*) AS n FROM profiled_record AT (VERSION => {told['snapshot_id']})")
    assert found["n"][0].as_py() == 10


def test_newest_profile_shows_and_tells_how_old_it_is(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_stale AS SELECT i FROM range(10) t(i)")
    row = profile(connection, "profiled_stale")["i"]
    assert (row["commits_since"], row["rows_since"]) == (0, 0)
    query(connection, "INSERT INTO profiled_stale VALUES (1000), (1001)")
    query(connection, "DELETE FROM profiled_stale WHERE i < 5")
    query(connection, "CALL compact(dataset := 'profiled_stale')")
    row = shown(connection, "profiled_stale")["i"]
    assert (row["maximum"], row["commits_since"], row["rows_since"]) == ("9", 2, -3)
    row = profile(connection, "profiled_stale")["i"]
    assert (row["maximum"], row["row_count"], row["commits_since"], row["rows_since"]) == ("1001", 7, 0, 0)


def test_profile_follows_renames_and_goes_with_its_column(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_old AS SELECT 1 AS a, {'x': 2} AS s, 3 AS gone")
    profile(connection, "profiled_old")
    query(connection, "ALTER TABLE profiled_old RENAME TO profiled_new")
    query(connection, "ALTER TABLE profiled_new RENAME a TO b")
    query(connection, "ALTER TABLE profiled_new RENAME s.x TO y")
    query(connection, "ALTER TABLE profiled_new DROP gone")
    found = shown(connection, "profiled_new")
    assert {name: row["minimum"] for name, row in found.items()} == {"b": "1", "s": None, "s.y": "2"}
    assert found["b"]["commits_since"] > 0
    query(connection, "CREATE OR REPLACE TABLE profiled_new AS SELECT 1 AS b")
    assert shown(connection, "profiled_new") == {}


def test_values_of_a_restricted_dataset_are_never_kept(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_restricted AS SELECT 'secret' || i AS v, i FROM range(10) t(i)")
    make_sensitive(connection, "profiled_restricted", "restricted")
    (told,) = query(connection, "CALL profile_columns(dataset := 'profiled_restricted')").to_pylist()
    assert told["withheld_count"] == 2
    row = shown(connection, "profiled_restricted")["v"]
    assert row["withheld"]
    assert (row["minimum"], row["maximum"], row["top_values"], row["length_max"]) == (None, None, None, 7)
    kept = query(connection, "FROM catalog.column_profile_events WHERE dataset = 'profiled_restricted'").to_pylist()
    assert "secret" not in str(kept)


def test_column_that_is_found_personal_later_is_withheld_at_once_and_for_good(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_later AS SELECT 'secret' || i AS v, i FROM range(10) t(i)")
    assert profile(connection, "profiled_later")["v"]["minimum"] == "secret0"
    events = "FROM catalog.column_profile_events WHERE dataset = 'profiled_later'"
    make_sensitive(connection, "profiled_later", "confidential")
    found = shown(connection, "profiled_later")
    assert {name: (row["withheld"], row["minimum"], row["mean"]) for name, row in found.items()} == {
        "v": (True, None, None),
        "i": (True, None, None),
    }
    assert found["v"]["top_values"] is None
    assert {(each["lower"], each["upper"]) for each in found["i"]["histogram"]} == {(None, None)}
    profile(connection, "profiled_later")
    kept = query(connection, events).to_pylist()
    assert len(kept) == 4
    assert "secret" not in str(kept)
    make_sensitive(connection, "profiled_later", "public")
    assert shown(connection, "profiled_later")["v"]["withheld"]
    assert profile(connection, "profiled_later")["v"]["minimum"] == "secret0"


@pytest.mark.parametrize(
    ("dataset", "code", "message"),
    [
        ("profiled_view", "invalid_argument", "is a view: profile the tables that it reads"),
        ("profiled_nothing", "not_found", "there is no dataset"),
        ("catalog.job_events", "permission_denied", "written by the server only"),
    ],
)
def test_what_is_no_table_of_data_is_refused(
    connection: dbapi.Connection, dataset: str, code: str, message: str
) -> None:
    query(connection, "CREATE OR REPLACE VIEW profiled_view AS SELECT 1 AS a")
    with pytest.raises(dbapi.Error, match=message) as error:
        query(connection, "CALL profile_columns(dataset := ?)", (dataset,))
    assert lakehouse_error(error.value).code == code


def test_without_a_dataset_those_that_changed_are_profiled(data: Path) -> None:
    with Server(data, "--profile-commits-min", "2") as server:
        server.rows("CREATE TABLE a AS SELECT 1 AS x")
        server.rows("CREATE SCHEMA other")
        server.rows("CREATE TABLE other.b AS SELECT 1 AS x")

        def profiled() -> list[str]:
            return sorted(row["dataset"] for row in server.rows("CALL profile_columns()"))

        assert profiled() == ["a", "other.b"]
        assert profiled() == []
        server.rows("INSERT INTO a VALUES (2)")
        assert profiled() == []
        server.rows("INSERT INTO a VALUES (3)")
        assert profiled() == ["a"]
        assert [row["maximum"] for row in server.rows("FROM catalog.column_profiles")] == ["3", "1"]


def test_schedule_and_waiting_elsewhere_profile_too(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_async AS SELECT 1 AS x")
    (told,) = query(connection, "CALL profile_columns(dataset := 'profiled_async', wait := false)").to_pylist()
    assert told["row_count"] is None
    deadline = time.monotonic() + WAIT_S
    while "x" not in shown(connection, "profiled_async"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    made = "CALL create_schedule(name := 'profiled_nightly', cron := '0 4 * * *', operation := 'profile_columns')"
    assert query(connection, made).to_pylist()[0]["operation"] == "profile_columns"
    query(connection, "CALL drop_schedule(name := 'profiled_nightly')")


def test_job_that_a_stopping_server_left_is_done_at_the_next_start(data: Path) -> None:
    with Server(data) as server:
        server.rows("CREATE TABLE t AS SELECT hash(i)::VARCHAR AS v, i FROM range(2000000) r(i)")
        (told,) = server.rows("CALL profile_columns(dataset := 't', wait := false)")
        server.kill()
        server.start()
        deadline = time.monotonic() + WAIT_S
        while server.rows("SELECT status FROM catalog.jobs WHERE job_id = ?", (told["job_id"],)) != [
            {"status": "succeeded"}
        ]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        rows = server.rows("SELECT column_name, row_count FROM catalog.column_profiles")
        assert rows == [{"column_name": "v", "row_count": 2_000_000}, {"column_name": "i", "row_count": 2_000_000}]


def test_profile_hides_after_a_tombstone_and_goes_with_the_erasure(data: Path) -> None:
    with Server(data, "--erasure-grace-s", "0.2") as server:
        people = (
            "SELECT 'person' || i || '@example.org' AS email, 'the note of person ' || i AS note FROM range(5) t(i)"
        )
        server.rows(f"CREATE TABLE people AS {people}")
        server.rows("CREATE TABLE copied AS SELECT note FROM people")
        server.rows("CREATE TABLE apart AS SELECT 'something else' AS v")
        server.rows("CALL profile_columns()")
        with server.connect() as connection:
            assert top(shown(connection, "people")["note"])[0] == ("the note of person 0", 1)
        key = "key_column := 'email', key_values := ['person0@example.org']"
        server.rows(f"CALL tombstone(dataset := 'people', {key})")
        with server.connect() as connection:
            row = shown(connection, "people")["note"]
            assert (row["withheld"], row["minimum"], row["top_values"]) == (True, None, None)
            assert shown(connection, "copied")["note"]["minimum"] == "the note of person 0"
        server.rows("DROP TABLE copied")
        surfaces = {row["surface"]: row for row in server.rows("CALL erase(dataset := 'people')")}
        assert surfaces["control tables"]["verdict"] == "clean"
        assert surfaces["control tables"]["erased_count"] == 3
        left = server.rows("SELECT dataset FROM catalog.column_profile_events")
        assert left == [{"dataset": "apart"}]
        with server.connect() as connection:
            assert profile(connection, "people")["note"]["minimum"] == "the note of person 1"
