"""SIGKILL after every step of an erasure: nothing is lost, nothing erased is back, and the next start finishes it."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from adbc_driver_manager import dbapi

from tests.erasure.marked import KEYS, MARKERS, ROWS, call_with_keys, decoded, in_bytes, make_marked
from tests.harness import ROOT, Server, query

END_S = 120.0
CHANGING = (
    "begun",
    "erased embeddings",
    "erased index generations",
    "rows",
    "erased dataset",
    "erased deleted rows",
    "erased journal",
    "erased control tables",
    "erased append log",
    "erased sessions",
    "erased snapshots",
    "erased lake files",
    "erased catalog",
    "erased hot cache",
    "certified",
    "done",
)
# The others only look, or leave what they find to its owner.
LOOKED_AT = tuple(f"erased {name}" for name in ("temporary files", "uploads", "import folder", "export folder", "keys"))
LOOKED_AT += ("erased models", "erased other datasets")


def run(data: Path, last: int) -> list[str]:
    """Erase in a process that kills itself after the step; the steps that it came by."""
    command = [sys.executable, "-m", "tests.erasure.erase_lake", str(data), "marked", str(last)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=END_S)
    assert done.returncode == (0 if last < 0 else -9), done.stderr
    return [line.removeprefix("step ") for line in done.stdout.splitlines() if line.startswith("step ")]


def prepared(data: Path) -> None:
    with Server(data) as server, server.connect() as connection:
        make_marked(connection, "marked")
        query(
            connection,
            "CALL create_index(name := 'marked', dataset := 'marked', key_column := 'email', text_columns := ['note'], "
            "wait := true)",
        )
        call_with_keys(connection, "marked")


def test_an_erasure_killed_after_any_step_is_finished_by_the_next_start(tmp_path: Path) -> None:
    first = tmp_path / "first"
    prepared(first)
    whole = tmp_path / "whole"
    shutil.copytree(first, whole)
    steps = run(whole, -1)
    assert steps[0] == "begun"
    assert steps[-1] == "done"
    assert len(set(steps)) == len(steps)
    assert [step for step in steps if not step.startswith("scanned ") and step not in LOOKED_AT] == list(CHANGING)
    for number, step in [(steps.index(step), step) for step in (*CHANGING, "scanned dataset")]:
        data = tmp_path / f"killed_{number}"
        shutil.copytree(first, data)
        assert run(data, number) == steps[: number + 1]
        with Server(data) as server, server.connect() as connection:
            _wait_for_the_job(connection)
            assert query(connection, "SELECT count(*) AS n FROM marked")["n"][0].as_py() == ROWS, step
            assert query(connection, "SELECT 1 FROM __raw__marked WHERE __deleted").num_rows == 0, step
            found = query(connection, "SELECT DISTINCT erasure_id, proven FROM catalog.erasures").to_pylist()
            assert [row["proven"] for row in found] == [True], step
            (status,) = set(query(connection, "CALL verify_certificates()")["status"].to_pylist())
            assert status == "whole", step
            text = "SELECT doc_id FROM vector_search('marked', ?, k := 100)"
            assert not {row["doc_id"] for row in query(connection, text, (MARKERS[2],)).to_pylist()} & set(KEYS), step
        assert in_bytes(data) == {}, step
        assert decoded(data) == {}, step
        assert not list((data / "erasures").iterdir()), step
        shutil.rmtree(data)


def _wait_for_the_job(connection: dbapi.Connection) -> None:
    """Until the erasure that was cut off has ended."""
    deadline = time.monotonic() + END_S
    while time.monotonic() < deadline:
        rows = query(connection, "SELECT status, message FROM catalog.jobs WHERE kind = 'erase'").to_pylist()
        if rows and rows[0]["status"] not in ("queued", "running"):
            assert rows[0]["status"] == "succeeded", rows[0]["message"]
            return
        time.sleep(0.1)
    raise AssertionError("the erasure did not end")
