"""resync finds where the catalog disagrees with its files, and repairs what needs no guess."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError
from tests.harness import Server, manual, query
from tests.journal.asking import events, journalled

WAIT_S = 60.0
LOOK_S = 0.1


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    with Server(data) as running:
        yield running


def resync(server: Server, **arguments: Any) -> list[dict[str, Any]]:
    with server.operations() as operations:
        return operations.call("resync", **arguments)


def kinds(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["dataset"], row["problem"], row["count"], row["repaired"]) for row in found]


def files(server: Server, table: str) -> list[Path]:
    """Oldest first: names begin with the time."""
    return sorted((server.data / "lake" / "main" / table).rglob("ducklake-*.parquet"))


def three_files(server: Server, table: str) -> list[Path]:
    """A table with the rows 0 to 29, ten a file."""
    server.rows(f"CREATE TABLE {table} (id BIGINT, note VARCHAR)")
    for first in (0, 10, 20):
        server.rows(f"INSERT INTO {table} SELECT i, 'n' || i FROM range({first}, {first + 10}) t(i)")
    return files(server, table)


def ids(server: Server, table: str) -> list[int]:
    return [row["id"] for row in server.rows(f"SELECT id FROM {table} ORDER BY id")]


def test_a_lake_that_is_as_its_catalog_says_has_no_problems(server: Server) -> None:
    three_files(server, "whole")
    server.rows("DELETE FROM whole WHERE id < 3")
    server.rows("CALL compact(dataset := 'whole')")
    server.rows("ALTER TABLE whole ADD COLUMN extra STRUCT(a INTEGER, b VARCHAR[])")
    server.rows("INSERT INTO whole VALUES (31, NULL, {'a': 1, 'b': ['x', NULL]}), (32, 'x', NULL)")
    server.rows("ALTER TABLE whole RENAME COLUMN note TO remark")
    server.rows("ALTER TABLE whole ALTER COLUMN id TYPE HUGEINT")
    server.rows("ALTER TABLE whole DROP COLUMN remark")
    server.rows("UPDATE whole SET id = id + 100 WHERE id > 30")
    server.rows("CREATE TABLE parted (part VARCHAR, id INTEGER)")
    server.rows("ALTER TABLE parted SET PARTITIONED BY (part)")
    server.rows("INSERT INTO parted VALUES ('a b', 1), ('ü/?', 2), (NULL, 3)")
    server.rows('CREATE SCHEMA "odd \'schema"')
    server.rows('CREATE TABLE "odd \'schema"."a.b c" AS SELECT 1 AS "x y"')
    server.rows("CREATE TABLE nothing (id INTEGER)")
    server.rows("CREATE VIEW seen AS SELECT * FROM whole")
    assert resync(server) == []
    assert resync(server, apply=True) == []


def test_rows_of_lost_files_leave_the_catalog_in_one_commit_of_the_caller(server: Server) -> None:
    _, second, third = three_files(server, "holed")
    second.unlink()
    third.unlink()
    before = server.rows("SELECT max(snapshot_id) AS id FROM catalog.snapshots")[0]["id"]
    told = resync(server, dataset="HOLED")
    assert kinds(told) == [("holed", "missing_files", 2, False)]
    assert told[0]["detail"] == f"20 rows were in {second.name}, {third.name}"
    assert server.rows("SELECT row_count FROM catalog.datasets WHERE dataset = 'holed'") == [{"row_count": 30}]
    assert kinds(resync(server, dataset="holed", apply=True)) == [("holed", "missing_files", 2, True)]
    assert ids(server, "holed") == list(range(10))
    assert server.rows("SELECT row_count, file_count FROM catalog.datasets WHERE dataset = 'holed'") == [
        {"row_count": 10, "file_count": 1}
    ]
    commits = server.rows(
        "SELECT author, commit_message, changes_made FROM catalog.snapshots WHERE snapshot_id > ?", [before]
    )
    [commit] = [row for row in commits if row["commit_message"] == "resync of holed"]
    assert commit["author"] == "admin"
    assert commit["changes_made"].startswith("deleted_from_table:")
    assert resync(server) == []


def test_a_repaired_table_is_one_like_any_other(data: Path) -> None:
    with Server(data) as server:
        first, *_ = three_files(server, "mended")
        server.rows("CREATE TABLE beside AS SELECT 1 AS a")
        server.rows("DELETE FROM mended WHERE id IN (5, 15)")
        first.unlink()
        resync(server, apply=True)
        server.rows("INSERT INTO mended VALUES (40, 'later')")
        server.rows("UPDATE mended SET note = 'changed' WHERE id = 20")
        server.rows("DELETE FROM mended WHERE id = 21")
        server.rows("CALL compact(dataset := 'mended')")
        server.rows("ALTER TABLE mended ADD COLUMN more INTEGER")
        server.rows("INSERT INTO beside VALUES (2)")
        expected = [*(n for n in range(10, 30) if n not in (15, 21)), 40]
        assert ids(server, "mended") == expected
        assert len({row["r"] for row in server.rows("SELECT rowid AS r FROM mended")}) == len(expected)
    with Server(data) as server:
        assert ids(server, "mended") == expected
        assert resync(server) == []


def test_files_that_tell_of_deleted_rows_are_never_given_up(server: Server) -> None:
    three_files(server, "undeleted")
    server.rows("DELETE FROM undeleted WHERE id IN (1, 2, 11)")
    deletions = [path for path in files(server, "undeleted") if "delete" in path.name]
    kept = deletions[0].rename(server.data / "kept.parquet")
    for apply in (False, True):
        [told] = resync(server, dataset="undeleted", apply=apply)
        assert (told["problem"], told["count"], told["repaired"]) == ("missing_deletions", 1, False)
        assert deletions[0].name in told["detail"]
    kept.rename(deletions[0])
    assert resync(server, dataset="undeleted") == []
    assert 1 not in ids(server, "undeleted")


def test_a_file_that_is_another_one_is_told_and_left_alone(server: Server) -> None:
    rows, columns, garbled = three_files(server, "other")
    pq.write_table(pq.read_table(rows).slice(0, 7), rows)
    pq.write_table(pa.table({"different": list(range(10))}), columns)
    garbled.write_bytes(b"x" * garbled.stat().st_size)
    [told] = resync(server, dataset="other", apply=True)
    assert (told["problem"], told["count"], told["repaired"]) == ("changed_files", 3, False)
    assert f"{rows.name}: " in told["detail"]
    assert "7 rows, not 10" in told["detail"]
    assert "without column id, note" in told["detail"]
    assert f"{garbled.name}: no Parquet" in told["detail"]
    assert all(path.exists() for path in (rows, columns, garbled))


def test_metadata_of_gone_datasets_is_told_and_removed(server: Server) -> None:
    server.rows("CREATE TABLE stays (a INTEGER)")
    server.rows("CREATE TABLE goes (a INTEGER)")
    for name in ("stays", "goes"):
        server.rows(f"CALL set_metadata(dataset := '{name}', owner := 'ann', tags := ['x'])")
    server.rows("DROP TABLE goes")
    [told] = resync(server)
    assert (told["dataset"], told["problem"], told["detail"], told["count"]) == (
        *("goes", "orphaned_metadata", "owner, tags"),
        2,
    )
    assert kinds(resync(server, apply=True)) == [("goes", "orphaned_metadata", 2, True)]
    assert resync(server) == []
    server.rows("CREATE TABLE goes (a INTEGER)")
    owners = server.rows("SELECT dataset, owner FROM catalog.datasets ORDER BY dataset")
    assert [(row["dataset"], row["owner"]) for row in owners] == [("goes", None), ("stays", "ann")]


def test_bounds_that_leave_values_out_are_set_to_those_of_the_files(server: Server) -> None:
    # The first of two files of one transaction has no value: DuckLake loses the bounds, and takes the next insert's.
    server.rows("CREATE TABLE bounded (a INTEGER, b VARCHAR)")
    with manual(server) as connection:
        query(connection, "INSERT INTO bounded SELECT NULL, NULL FROM range(10)")
        query(connection, "INSERT INTO bounded VALUES (0, 'a'), (1000, 'z')")
        connection.commit()
    server.rows("INSERT INTO bounded VALUES (500, 'm')")
    found = kinds(resync(server, dataset="bounded"))
    assert found == [("bounded", "wrong_bounds", 2, False)]
    assert kinds(resync(server, dataset="bounded", apply=True)) == [("bounded", "wrong_bounds", 2, True)]
    assert resync(server, dataset="bounded") == []
    server.rows("INSERT INTO bounded VALUES (501, 'n')")
    assert resync(server, dataset="bounded") == []


def test_a_folder_with_nothing_of_the_lake_in_it_is_no_loss(server: Server) -> None:
    three_files(server, "unmounted")
    folder = server.data / "lake"
    with server.operations() as operations:
        operations.call("resync", dataset="unmounted")
        away = folder.rename(server.data / "away")
        with pytest.raises(LakehouseError, match="the server's own files are gone too") as error:
            operations.call("resync", dataset="unmounted", apply=True)
        assert error.value.code == "unavailable"
        away.rename(folder)
    assert ids(server, "unmounted") == list(range(30))


def test_the_journal_tells_that_it_could_not_see_the_lost_rows(server: Server) -> None:
    first, *_ = three_files(server, "journalled_holes")
    journalled(server, "journalled_holes", "id")
    events(server, "journalled_holes")
    first.unlink()
    resync(server, dataset="journalled_holes", apply=True)
    server.rows("INSERT INTO journalled_holes VALUES (99, 'x')")
    found = [event["change"] for event in readable_events(server, "journalled_holes")]
    assert found[-2:] == ["gap", "insert"] or found[-1:] == ["gap"]


def readable_events(server: Server, dataset: str) -> list[dict[str, Any]]:
    """Once the journal has given up what it can't read."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return events(server, dataset)
        except dbapi.Error:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_S)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"dataset": "nowhere"}, "not_found"), ({"dataset": "looking"}, "invalid_argument"),
     ({"dataset": "catalog.jobs"}, "permission_denied"), ({"apply": "perhaps"}, "invalid_argument")],
)  # fmt: skip
def test_wrong_use_is_told(server: Server, arguments: dict[str, Any], code: str) -> None:
    server.rows("CREATE VIEW looking AS SELECT 1 AS a")
    with pytest.raises(LakehouseError) as error:
        resync(server, **arguments)
    assert error.value.code == code


def test_lost_files_are_found_wherever_the_lake_is(
    data: Path, place: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    """What a bucket has is a folder of the S3 server."""
    with Server(data, environment=place) as server:
        server.rows("CREATE TABLE t (id BIGINT, part VARCHAR)")
        server.rows("ALTER TABLE t SET PARTITIONED BY (part)")
        server.rows("INSERT INTO t SELECT i, 'x' || i % 2 FROM range(20) r(i)")
        server.rows("DELETE FROM t WHERE id = 3")
        assert resync(server) == []
        root = request.getfixturevalue("s3").root if "LAKEHOUSE_LAKE_DATA" in place else data / "lake"
        # By its name as the lake knows it: a commit that was tried again left files that belong to nothing.
        [file] = {row["filename"] for row in server.rows("SELECT filename FROM t WHERE part = 'x0'")}
        [lost] = root.rglob(Path(file).name)
        lost.unlink()
        assert kinds(resync(server)) == [("t", "missing_files", 1, False)]
        assert kinds(resync(server, apply=True)) == [("t", "missing_files", 1, True)]
        assert ids(server, "t") == [n for n in range(20) if n % 2 and n != 3]
        server.rows("INSERT INTO t VALUES (100, 'x0')")
        assert ids(server, "t")[-1] == 100
        assert resync(server) == []
