"""New files that do not hold what they replace are never committed: the table keeps its files, and no other is left."""

import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from server.catalog.datasets import Dataset
from server.compaction.compacting import Compacting, Step
from server.engine.engine import Engine
from server.errors import Cancelled, CompactionFailed, Conflict, NotFound, Unavailable
from server.jobs.job import Job
from tests.compaction.lake import compact, data_files, grow_old, opened, rows, run

Change = Callable[[pa.Table], pa.Table]


@pytest.fixture
def engine(data: Path) -> Iterator[Engine]:
    with opened(data) as engine:
        run(engine, "CREATE TABLE t (a BIGINT, b BIGINT, c VARCHAR)", "CREATE TABLE u (a BIGINT)")
        for first in (0, 10, 20):
            run(engine, f"INSERT INTO t SELECT i, i + 1, 'c' || i FROM range({first}, {first + 10}) r(i)")
        yield engine


def shifted(table: pa.Table) -> pa.Table:
    """Values that are all there, in other rows."""
    return table.set_column(0, table.field(0), table[0].take(pa.array([*range(1, table.num_rows), 0])))


def swapped(table: pa.Table) -> pa.Table:
    """Two columns, each with the other's values."""
    return table.set_column(0, table.field(0), table[1]).set_column(1, table.field(1), table[0])


def renumbered(table: pa.Table) -> pa.Table:
    """Row numbers, or without them snapshots, that are not the rows'."""
    return table.set_column(3, table.field(3), pc.add(table[3], 1))


CHANGES: dict[str, Change] = {
    "a row lost": lambda table: table.slice(1),
    "a row doubled": lambda table: pa.concat_tables([table, table.slice(0, 1)]),
    "one for another": lambda table: pa.concat_tables([table.slice(1), table.slice(1, 1)]),
    "a value changed": lambda table: table.set_column(1, table.field(1), pc.add(table[1], 1)),
    "values moved": shifted,
    "columns swapped": swapped,
    "numbers changed": renumbered,
    "no rows": lambda table: table.slice(0, 0),
}


def tampering(data: Path, name: str, change: Change) -> Callable[[str, Step], None]:
    """Change the file that the transaction of this name wrote, before it is looked at."""
    known = data_files(data, "t")

    def told(now: str, step: Step) -> None:
        if (now, step) == (name, Step.WRITTEN):
            (file,) = data_files(data, "t") - known
            pq.write_table(change(pq.read_table(file)), file)

    return told


@pytest.mark.parametrize("name", ["rewrite", "merge"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_wrong_file_is_never_committed(engine: Engine, data: Path, name: str, change: Change) -> None:
    if name == "rewrite":
        run(engine, "DELETE FROM t WHERE a IN (3, 13)")
    before = rows(engine, "SELECT rowid, * FROM t ORDER BY rowid")
    files = data_files(data, "t")
    with pytest.raises(CompactionFailed, match=r"does not hold the rows|hold the rows of 0"):
        compact(engine, "t", tampering(data, name, change))
    assert rows(engine, "SELECT rowid, * FROM t ORDER BY rowid") == before
    assert data_files(data, "t") == files
    _, after = compact(engine, "t")
    assert after.files == 1
    assert rows(engine, "SELECT rowid, * FROM t ORDER BY rowid") == before


@pytest.mark.parametrize("name", ["rewrite", "merge"])
def test_the_same_rows_written_by_another_program_pass(engine: Engine, data: Path, name: str) -> None:
    """So it is the content that the changes above are caught by."""
    if name == "rewrite":
        run(engine, "DELETE FROM t WHERE a IN (3, 13)")
    tamper = tampering(data, name, lambda table: table)

    def told(now: str, step: Step) -> None:
        tamper(now, step)
        if (now, step) == (name, Step.VERIFIED):
            raise NotFound("far enough")

    with pytest.raises(NotFound, match="far enough"):
        compact(engine, "t", told)


def test_a_file_that_is_lost_ends_the_compaction(engine: Engine, data: Path) -> None:
    known = data_files(data, "t")

    def told(name: str, step: Step) -> None:
        if step is Step.WRITTEN:
            for file in data_files(data, "t") - known:
                file.unlink()

    with pytest.raises(Conflict, match="writes files of t"):
        compact(engine, "t", told)
    assert rows(engine, "SELECT count(*) FROM t") == [(30,)]
    assert data_files(data, "t") == known


def test_a_conflict_is_tried_again_and_leaves_no_files(engine: Engine, data: Path) -> None:
    met = list[Step]()

    def told(name: str, step: Step) -> None:
        if (name, step) == ("merge", Step.VERIFIED):
            met.append(step)
            if len(met) == 1:  # as another server would, past the lock of this one
                run(engine, "DELETE FROM t WHERE a = 5")

    compact(engine, "t", told)
    assert len(met) == 2
    assert rows(engine, "SELECT count(*), count(DISTINCT a) FROM t") == [(29, 29)]
    known = rows(engine, "SELECT path FROM __ducklake_metadata_lakehouse.ducklake_data_file")
    known += rows(engine, "SELECT path FROM __ducklake_metadata_lakehouse.ducklake_delete_file")
    known += rows(engine, "SELECT path FROM __ducklake_metadata_lakehouse.ducklake_files_scheduled_for_deletion")
    names = {str(path).rpartition("/")[2] for (path,) in known}
    assert {file.name for file in data_files(data, "t")} <= names


def test_files_that_were_merged_go_when_their_time_has_come(data: Path) -> None:
    with opened(data, replaced_files_s=0) as engine:
        run(engine, "CREATE TABLE t (a BIGINT)", *(f"INSERT INTO t VALUES ({i})" for i in range(3)))
        compact(engine, "t")
        assert len(data_files(data, "t")) == 1


@pytest.mark.parametrize("name", ["o[d]d*", "sp ace's", "{ü}%20"])
def test_the_data_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    data = tmp_path / name / "data"
    data.parent.mkdir()
    with opened(data, replaced_files_s=0) as engine:
        run(engine, "CREATE TABLE t (a BIGINT)", *(f"INSERT INTO t VALUES ({i}), (-{i})" for i in range(1, 4)))
        run(engine, "CREATE TABLE u AS SELECT 1 AS a", "DELETE FROM t WHERE a < 0")
        grow_old(data)
        assert compact(engine, "t")[1].files == 1
        assert rows(engine, "FROM t ORDER BY a") == [(1,), (2,), (3,)]
        assert rows(engine, "FROM u") == [(1,)]


def test_parquet_files_of_others_in_the_lakes_folder_are_left_alone(engine: Engine, data: Path) -> None:
    strangers = data / "lake" / "main" / "t" / "someone.parquet"
    pq.write_table(pa.table({"a": [1]}), strangers)
    grow_old(data)
    compact(engine, "t")
    assert strangers.exists()


def test_a_clock_that_is_set_back_makes_no_file_of_this_process_look_old(engine: Engine, data: Path) -> None:
    later = time.time() + 3600
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        compacting = Compacting(engine)
    cursor = engine.cursor("admin")
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO u VALUES (1)")
    (file,) = data_files(data, "u")
    compacting.clean()
    assert file.exists()
    cursor.execute("COMMIT")
    cursor.close()
    assert rows(engine, "FROM u") == [(1,)]


@pytest.mark.parametrize("name", ["rewrite", "merge"])
def test_a_job_that_is_cancelled_leaves_off_and_leaves_no_files(engine: Engine, data: Path, name: str) -> None:
    run(engine, "DELETE FROM t WHERE a = 3")
    before = rows(engine, "SELECT rowid, * FROM t ORDER BY rowid")
    job = Job("a-job", "compact", "t", "admin")
    files = set[Path]()

    def told(now: str, step: Step) -> None:
        if (now, step) == (name, Step.BEGUN):
            files.update(data_files(data, "t"))
        if (now, step) == (name, Step.WRITTEN):
            job.cancel()

    with pytest.raises(Cancelled):
        compact(engine, "t", told, job)
    assert data_files(data, "t") == files
    assert rows(engine, "SELECT rowid, * FROM t ORDER BY rowid") == before


def test_a_job_that_is_cancelled_ends_the_statement_that_it_is_in(engine: Engine, data: Path) -> None:
    run(engine, "INSERT INTO t SELECT i, i, repeat('x', 50) || i FROM range(1000000) r(i)")
    run(engine, "DELETE FROM t WHERE b % 2 = 0")
    job = Job("a-job", "compact", "t", "admin")
    begun, done = threading.Event(), list[bool]()

    def cancel() -> None:
        begun.wait()
        while not done and not data_files(data, "t") - files:
            time.sleep(0.001)
        job.cancel()

    def told(now: str, step: Step) -> None:
        if (now, step) == ("rewrite", Step.BEGUN):
            begun.set()
        if (now, step) == ("rewrite", Step.WRITTEN):
            done.append(True)

    files = data_files(data, "t")
    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        compact(engine, "t", told, job)
    thread.join()
    assert done == []
    assert data_files(data, "t") == files


def test_a_disk_that_takes_no_more_leaves_the_table_as_it_is(engine: Engine, data: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def told(name: str, step: Step) -> None:
        if step is Step.BEGUN:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, most[1]))

    known = data_files(data, "t")
    try:
        with pytest.raises(Unavailable):
            compact(engine, "t", told)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert data_files(data, "t") == known
    assert rows(engine, "SELECT count(*) FROM t") == [(30,)]
    assert compact(engine, "t")[1].files == 1


def test_the_rows_that_wait_for_their_erasure_leave_the_live_files_of_their_table(engine: Engine, data: Path) -> None:
    """As an erasure does it: it deletes them, then has the table's files written anew while it holds the dataset."""
    deleted = Dataset("deleted", "sales.people", "table")
    run(engine, "CREATE SCHEMA deleted", 'CREATE TABLE deleted."sales.people" (id BIGINT, note VARCHAR)')
    for marker in ("marker-of-ann", "marker-of-bob"):
        run(engine, f"INSERT INTO deleted.\"sales.people\" VALUES (1, '{marker}')")
    run(engine, "DELETE FROM deleted.\"sales.people\" WHERE note = 'marker-of-ann'")
    cursor = engine.cursor("admin")
    with engine.locks.holding("sales.people"):
        Compacting(engine).rewrite(cursor, deleted, Job("an-erasure", "erase", "sales.people", "admin"))
    cursor.close()
    live = rows(engine, 'SELECT DISTINCT filename FROM deleted."sales.people"')
    (text,) = {Path(str(name)).read_bytes() for (name,) in live}
    assert b"marker-of-bob" in text
    assert b"marker-of-ann" not in text
    compact_job = Job("a-job", "compact", deleted.name, "admin")
    assert Compacting(engine).compact(deleted, compact_job)[1].rows == 1
