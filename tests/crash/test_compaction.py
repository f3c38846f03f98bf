"""SIGKILL and a full disk at every step of a compaction: nothing is lost or doubled, and the next one tidies up."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.compaction.compacting import Step
from tests.compaction.lake import compact, data_files, grow_old, opened, rows, run
from tests.harness import ROOT, Server

ROWS = "SELECT rowid, * FROM t ORDER BY rowid"
EXPECTED = [
    *(f"{name} {step.value}" for name in ("rewrite", "merge") for step in list(Step)[:4]),
    "record recorded",
    "clean cleaned",
]


def compacting(data: Path, step: int, what: str) -> tuple[int, list[str]]:
    """Compact in a process that what happens to at the step; its exit status, and the steps that it came by."""
    command = [sys.executable, "-m", "tests.compaction.lake", str(data), "t", str(step), what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return done.returncode, [line for line in done.stdout.splitlines() if line in EXPECTED]


def killed(data: Path, step: int) -> list[str]:
    status, steps = compacting(data, step, "kill")
    assert status in (0, -9)
    return steps


def known_files(data: Path) -> set[str]:
    with opened(data) as engine:
        text = "SELECT path FROM __ducklake_metadata_lakehouse."
        found = [rows(engine, text + table) for table in ("ducklake_data_file", "ducklake_delete_file")]
        found.append(rows(engine, text + "ducklake_files_scheduled_for_deletion"))
    return {str(path).rpartition("/")[2] for part in found for (path,) in part}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Any, ...]]]:
    """A lake with files to rewrite and to merge, and the rows of its table t."""
    data = tmp_path_factory.mktemp("filled") / "data"
    with opened(data) as engine:
        run(engine, "CREATE TABLE t (id BIGINT, note VARCHAR)")
        run(engine, *(f"INSERT INTO t SELECT i, 'n' || i FROM range({n}, {n + 10}) r(i)" for n in (0, 10, 20, 30)))
        run(engine, "DELETE FROM t WHERE id % 7 = 0", "UPDATE t SET note = 'new' WHERE id = 12")
        return data, rows(engine, ROWS)


def nothing_is_lost_and_the_next_finishes(data: Path, before: list[tuple[Any, ...]], when: str) -> None:
    with opened(data) as engine:
        assert rows(engine, ROWS) == before, when
    # A process of its own: what one that is gone has left is nobody's, once it is older than a few seconds.
    grow_old(data)
    with opened(data, replaced_files_s=0) as engine:
        _, after = compact(engine, "t")
        assert (after.files, after.rows) == (1, len(before)), when
        assert rows(engine, ROWS) == before, when
    assert {file.name for file in data_files(data, "t")} <= known_files(data), when


def test_a_compaction_killed_at_any_step_loses_nothing_and_is_finished_by_the_next(
    tmp_path: Path, filled: tuple[Path, list[tuple[Any, ...]]]
) -> None:
    for step, name in enumerate(EXPECTED):
        data = tmp_path / f"killed_{step}"
        shutil.copytree(filled[0], data)
        assert killed(data, step) == EXPECTED[: step + 1], f"killed at {name}"
        nothing_is_lost_and_the_next_finishes(data, filled[1], f"killed at {name}")


def test_a_disk_that_is_full_from_any_step_on_loses_nothing_and_the_next_finishes(
    tmp_path: Path, filled: tuple[Path, list[tuple[Any, ...]]]
) -> None:
    for step, name in enumerate(EXPECTED):
        data = tmp_path / f"full_{step}"
        shutil.copytree(filled[0], data)
        status, steps = compacting(data, step, "full")
        assert status != 0 or name in EXPECTED[-2:], f"full at {name}"
        assert steps[: step + 1] == EXPECTED[: step + 1]
        nothing_is_lost_and_the_next_finishes(data, filled[1], f"full at {name}")


def test_a_server_takes_up_the_compaction_that_it_was_killed_in(data: Path) -> None:
    with Server(data) as server:
        server.rows("CREATE TABLE t AS SELECT i AS id FROM range(10) r(i)")
        server.rows("INSERT INTO t SELECT i FROM range(10, 20) r(i)")
        with server.operations() as operations:
            (told,) = operations.call("compact", dataset="t", wait=False)
            server.kill()
        server.start()
        with server.operations() as operations:
            *_, last = operations.watch(told["job_id"], poll_s=0.1)
        assert last.status == "succeeded"
        assert server.rows("SELECT file_count, row_count FROM catalog.datasets WHERE dataset = 't'") == [
            {"file_count": 1, "row_count": 20}
        ]


def test_what_a_killed_compaction_wrote_is_removed_though_nothing_needs_compaction(data: Path) -> None:
    with Server(data) as server:
        server.rows("CREATE TABLE t AS SELECT i AS id FROM range(10) r(i)")
        server.rows("INSERT INTO t SELECT i FROM range(10, 20) r(i)")
    files = data_files(data, "t")
    assert killed(data, 2) == ["rewrite begun", "merge begun", "merge written"]
    assert len(data_files(data, "t") - files) == 1
    grow_old(data)
    with Server(data) as server:
        assert [row["dataset"] for row in server.rows("CALL compact()") if row["dataset"] == "t"] == []
        assert data_files(data, "t") == files
        assert server.rows("SELECT count(*) AS n FROM t") == [{"n": 20}]
