"""compact() through the front door: what it leaves as it was, what it makes smaller, what it refuses."""

import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from adbc_driver_manager import dbapi

from clients.python import DRIVER_ERRORS, LakehouseError
from tests.harness import Server, query

WRITES = 12


def fill(connection: dbapi.Connection, table: str, files: int = 4, rows: int = 10) -> None:
    query(connection, f"CREATE TABLE {table} (id BIGINT, note VARCHAR)")
    for number in range(files):
        first = number * rows
        query(connection, f"INSERT INTO {table} SELECT i, 'note ' || i FROM range({first}, {first + rows}) t(i)")


def files_of(connection: dbapi.Connection, dataset: str) -> int:
    found = query(connection, f"SELECT file_count FROM catalog.datasets WHERE dataset = '{dataset}'")
    return int(found["file_count"][0].as_py())


def unchanged_by_compaction(connection: dbapi.Connection, table: str) -> dict[str, int]:
    """Compact; the answer, once the rows are the same with their numbers."""
    text = f"SELECT rowid, * FROM {table} ORDER BY rowid"
    before = query(connection, text)
    (told,) = query(connection, f"CALL compact(dataset := '{table}')").to_pylist()
    assert query(connection, text) == before
    assert told["rows_before"] == told["rows_after"] == before.num_rows
    assert told["files_after"] == files_of(connection, table)
    return dict(told)


def test_small_files_become_one_and_the_compaction_is_on_record(connection: dbapi.Connection) -> None:
    fill(connection, "small_files")
    told = unchanged_by_compaction(connection, "small_files")
    assert (told["files_before"], told["files_after"]) == (4, 1)
    assert told["bytes_after"] < told["bytes_before"]
    (kept,) = query(connection, "SELECT * FROM catalog.compactions WHERE dataset = 'small_files'").to_pylist()
    assert kept | told == kept
    assert kept["actor"] == "admin"
    (job,) = query(connection, f"SELECT * FROM catalog.jobs WHERE job_id = '{told['job_id']}'").to_pylist()
    assert (job["kind"], job["subject"], job["status"]) == ("compact", "small_files", "succeeded")


def test_a_second_compaction_finds_nothing_to_do(connection: dbapi.Connection) -> None:
    fill(connection, "twice")
    unchanged_by_compaction(connection, "twice")
    again = unchanged_by_compaction(connection, "twice")
    assert (again["files_before"], again["bytes_before"]) == (again["files_after"], again["bytes_after"])


def test_deleted_and_updated_rows_leave_the_files(connection: dbapi.Connection) -> None:
    fill(connection, "rewritten")
    query(connection, "DELETE FROM rewritten WHERE id % 3 = 0")
    query(connection, "DELETE FROM rewritten WHERE id BETWEEN 20 AND 29")
    query(connection, "UPDATE rewritten SET note = 'new' WHERE id = 7")
    told = unchanged_by_compaction(connection, "rewritten")
    assert told["files_after"] == 1
    (file,) = query(connection, "SELECT DISTINCT filename FROM rewritten")["filename"].to_pylist()
    assert pq.read_metadata(str(file)).num_rows == told["rows_after"]


def test_rows_that_an_update_wrote_keep_their_numbers_beside_a_file_that_follows(connection: dbapi.Connection) -> None:
    fill(connection, "updated_whole", files=1)
    query(connection, "UPDATE updated_whole SET note = 'new ' || id")
    query(connection, "INSERT INTO updated_whole VALUES (10, 'later')")
    told = unchanged_by_compaction(connection, "updated_whole")
    assert (told["files_before"], told["files_after"]) == (2, 1)


def test_updates_and_inserts_from_before_a_new_column_are_merged(connection: dbapi.Connection) -> None:
    fill(connection, "grown_late", files=3)
    query(connection, "DELETE FROM grown_late WHERE id IN (5, 15)")
    query(connection, "INSERT INTO grown_late VALUES (40, 'later')")
    query(connection, "UPDATE grown_late SET note = 'changed' WHERE id = 20")
    query(connection, "DELETE FROM grown_late WHERE id = 21")
    query(connection, "ALTER TABLE grown_late ADD COLUMN more INTEGER")
    assert unchanged_by_compaction(connection, "grown_late")["files_after"] == 2


def test_rows_from_before_alterations_are_read_as_before(connection: dbapi.Connection) -> None:
    query(
        connection, "CREATE TABLE altered (a INTEGER, b VARCHAR, s STRUCT(x INTEGER, y VARCHAR), l STRUCT(p INTEGER)[])"
    )
    old = "INSERT INTO altered SELECT i, 'b' || i, {x: i, y: 'y'}, [{p: i}, NULL] FROM range(10) t(i)"
    for _ in range(3):
        query(connection, old)
    query(connection, "INSERT INTO altered VALUES (NULL, NULL, NULL, NULL)")
    for change in (
        "ADD COLUMN d DATE DEFAULT '2020-01-01'",
        "RENAME b TO c",
        "ALTER a TYPE BIGINT",
        "ADD COLUMN s.z INTEGER DEFAULT 4",
        "RENAME s.y TO yy",
        "ADD COLUMN l.element.q VARCHAR",
    ):
        query(connection, f"ALTER TABLE altered {change}")
    new = "SELECT i, 'c', {x: i, yy: 'y', z: i}, [{p: i, q: 'q'}], '2021-01-01' FROM range(5) t(i)"
    for _ in range(3):
        query(connection, f"INSERT INTO altered {new}")
    query(connection, "DELETE FROM altered WHERE a = 3")
    query(connection, "ALTER TABLE altered DROP COLUMN c")
    unchanged_by_compaction(connection, "altered")
    query(connection, "INSERT INTO altered BY NAME SELECT 77 AS a")
    assert unchanged_by_compaction(connection, "altered")["files_after"] <= 3


def test_columns_may_be_called_as_ducklake_calls_its_own(connection: dbapi.Connection) -> None:
    query(
        connection, "CREATE TABLE taken_names (filename VARCHAR, snapshot_id INTEGER, c0 INTEGER, n INTEGER, h INTEGER)"
    )
    for number in range(3):
        query(connection, f"INSERT INTO taken_names SELECT 'f', i, {number}, i, i FROM range(5) t(i)")
    query(connection, "DELETE FROM taken_names WHERE snapshot_id = 2 AND c0 = 1")
    assert unchanged_by_compaction(connection, "taken_names")["files_after"] == 1


def test_partitions_stay_apart_and_sorted_tables_keep_their_rows(connection: dbapi.Connection) -> None:
    for table, layout in (("in_parts", "PARTITIONED BY (part)"), ("in_order", "SORTED BY (id DESC)")):
        query(connection, f"CREATE TABLE {table} (id INTEGER, part VARCHAR)")
        query(connection, f"ALTER TABLE {table} SET {layout}")
        for _ in range(3):
            query(connection, f"INSERT INTO {table} SELECT i, 'x y=[' || i % 2 FROM range(10) t(i)")
        query(connection, f"DELETE FROM {table} WHERE id = 4")
    assert unchanged_by_compaction(connection, "in_parts")["files_after"] == 2
    assert unchanged_by_compaction(connection, "in_order")["files_after"] == 1


def test_a_table_without_rows_is_compacted_to_none(connection: dbapi.Connection) -> None:
    fill(connection, "emptied")
    query(connection, "DELETE FROM emptied")
    assert unchanged_by_compaction(connection, "emptied")["files_after"] == 0


def test_snapshots_from_before_a_merge_read_as_before(connection: dbapi.Connection) -> None:
    fill(connection, "travelled")
    version = query(connection, "SELECT id FROM lakehouse.current_snapshot()")["id"][0].as_py()
    query(connection, "INSERT INTO travelled VALUES (-1, 'later'), (1000, 'later')")
    text = f"SELECT id FROM travelled AT (VERSION => {version}) ORDER BY id"
    before = query(connection, text)
    unchanged_by_compaction(connection, "travelled")
    assert query(connection, text) == before


@pytest.mark.parametrize("name", ['"it\'s"', '"Ünï ☃"', '"with ""quotes"""', '"{braces} %"'])
def test_tables_and_schemas_may_have_any_name(connection: dbapi.Connection, name: str) -> None:
    query(connection, f"CREATE SCHEMA IF NOT EXISTS {name}")
    query(connection, f'CREATE TABLE {name}.{name} ({name} BIGINT, "c0" STRUCT({name} INTEGER[]))')
    for first in (0, 10, 20):
        query(connection, f"INSERT INTO {name}.{name} SELECT i, {{{name}: [i]}} FROM range({first}, {first + 10}) t(i)")
    query(connection, f"DELETE FROM {name}.{name} WHERE {name} = 3")
    before = query(connection, f"SELECT rowid, * FROM {name}.{name} ORDER BY rowid")
    plain = name[1:-1].replace('""', '"')
    (told,) = query(connection, "CALL compact(dataset := ?)", (f"{plain}.{plain}",)).to_pylist()
    assert (told["dataset"], told["files_after"], told["rows_after"]) == (f"{plain}.{plain}", 1, 29)
    assert query(connection, f"SELECT rowid, * FROM {name}.{name} ORDER BY rowid") == before


def test_a_name_that_two_tables_share_is_refused(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE SCHEMA shares")
    query(connection, 'CREATE SCHEMA "shares.a"')
    query(connection, 'CREATE TABLE shares."a.b" (id BIGINT)')
    query(connection, 'CREATE TABLE "shares.a".b (id BIGINT)')
    with server.operations() as operations, pytest.raises(LakehouseError, match="rename all but one"):
        operations.call("compact", dataset="shares.a.b")


def test_without_waiting_the_answer_names_the_job(connection: dbapi.Connection, server: Server) -> None:
    fill(connection, "later")
    (told,) = query(connection, "CALL compact(dataset := 'later', wait := false)").to_pylist()
    assert (told["dataset"], told["files_after"]) == ("later", None)
    with server.operations() as operations:
        *_, last = operations.watch(told["job_id"], poll_s=0.05)
    assert last.status == "succeeded"
    assert files_of(connection, "later") == 1


@pytest.mark.parametrize(
    ("dataset", "code", "message"),
    [
        ("no_such_dataset", "not_found", "there is no dataset"),
        ("catalog.job_events", "permission_denied", "written by the server only"),
        ("a_view", "invalid_argument", "a_view is a view: compact the tables that it reads"),
        ('a"b', "invalid_argument", "no name of a dataset"),
    ],
)
def test_what_is_no_table_of_people_is_refused(
    server: Server, connection: dbapi.Connection, dataset: str, code: str, message: str
) -> None:
    query(connection, "CREATE VIEW IF NOT EXISTS a_view AS SELECT 1 AS one")
    with server.operations() as operations, pytest.raises(LakehouseError, match=message) as failed:
        operations.call("compact", dataset=dataset)
    assert failed.value.code == code


def test_rows_that_wait_for_their_erasure_are_left_alone_only_if_one_says_so(
    server: Server, connection: dbapi.Connection
) -> None:
    fill(connection, "tombstoned")
    query(
        connection,
        "CALL tombstone(dataset := 'tombstoned', key_column := 'id', key_values := [3], reason := 'asked for')",
    )
    with server.operations() as operations:
        with pytest.raises(LakehouseError, match="keep_tombstones := true") as failed:
            operations.call("compact", dataset="tombstoned", wait=False)
        assert failed.value.code == "invalid_argument"
        (told,) = operations.call("compact", dataset="tombstoned", keep_tombstones=True)
    assert (told["rows_after"], told["files_after"]) == (39, 1)
    query(connection, "CALL untombstone(dataset := 'tombstoned', key_values := [3])")
    assert query(connection, "SELECT count(*) AS n FROM tombstoned")["n"][0].as_py() == 40


def test_without_a_dataset_those_past_the_thresholds_are_compacted_and_tables_of_the_server_too(data: Path) -> None:
    with Server(data, "--compact-files-min", "3", "--compact-deleted-share", "0.5") as server:
        connection = server.connect()
        fill(connection, "many_files", files=3)
        fill(connection, "few_files", files=2)
        fill(connection, "much_deleted", files=1)
        query(connection, "DELETE FROM much_deleted WHERE id < 5")
        fill(connection, "little_deleted", files=1)
        query(connection, "DELETE FROM little_deleted WHERE id < 4")
        with server.operations() as operations:
            for owner in ("first", "second", "third"):  # each a file of the server's own
                operations.call("set_metadata", dataset="few_files", owner=owner)
            done = {row["dataset"]: row["files_after"] for row in operations.call("compact")}
            assert [name for name in done if "." not in name] == ["many_files", "much_deleted"]
            assert done["catalog.dataset_metadata_events"] == 1
            assert [row["dataset"] for row in operations.call("compact") if "." not in row["dataset"]] == []
        assert server.stop() == 0
        server.start()  # which reads what it compacted of its own
        assert server.rows("SELECT count(*) AS n FROM many_files") == [{"n": 30}]


def test_readers_and_writers_go_on_and_see_every_row_once(server: Server, connection: dbapi.Connection) -> None:
    fill(connection, "busy", rows=200)
    done, wrong = threading.Event(), list[object]()

    def write(first: int) -> None:
        with server.connect() as own:
            for number in range(first, first + WRITES):
                query(own, f"INSERT INTO busy VALUES ({number}, 'added')")
                query(own, f"UPDATE busy SET note = 'changed' WHERE id = {number}")
                query(own, f"DELETE FROM busy WHERE id = {number - first}")
                query(own, f"INSERT INTO busy VALUES ({number - first}, 'back')")

    def read() -> None:
        with server.connect() as own:
            while not done.is_set():
                # The first rows go and come back; the others are there whatever happens.
                row = query(
                    own, f"SELECT count(*) AS n, count(DISTINCT id) AS d FROM busy WHERE id BETWEEN {WRITES} AND 799"
                )
                if row.to_pylist() != [{"n": 800 - WRITES, "d": 800 - WRITES}]:
                    wrong.append(row.to_pylist())

    def catching(run: Callable[[], None]) -> threading.Thread:
        def work() -> None:
            try:
                run()
            except DRIVER_ERRORS as error:
                wrong.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    reader, writer = catching(read), catching(lambda: write(10_000))
    compacted = 0
    while writer.is_alive():
        query(connection, "CALL compact(dataset := 'busy')")
        compacted += 1
    writer.join()
    done.set()
    reader.join()
    assert wrong == []
    assert compacted > 1
    query(connection, "CALL compact(dataset := 'busy')")
    rows = query(
        connection, "SELECT count(*) AS n, count(DISTINCT id) AS d, count(*) FILTER (note = 'changed') AS c FROM busy"
    )
    assert rows.to_pylist() == [{"n": 800 + WRITES, "d": 800 + WRITES, "c": WRITES}]
