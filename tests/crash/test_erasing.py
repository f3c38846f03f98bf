"""SIGKILL after every step of an erasure: nothing is lost, nothing erased is back, and the next start finishes it."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from tests.erasure.erase_lake import FAILED
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


def run(data: Path, last: int, *how: str) -> tuple[int, list[str]]:
    """Erase in a process that ends, or has no more disk space, after the step: its status, the steps it came by."""
    command = [sys.executable, "-m", "tests.erasure.erase_lake", str(data), "marked", str(last), *how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=END_S)
    return done.returncode, [line.removeprefix("step ") for line in done.stdout.splitlines() if line[:5] == "step "]


def prepared(data: Path) -> None:
    with Server(data) as server, server.connect() as connection:
        make_marked(connection, "marked")
        query(
            connection,
            "CALL create_index(name := 'marked', dataset := 'marked', key_column := 'email', text_columns := ['note'], "
            "wait := true)",
        )
        call_with_keys(connection, "marked")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with rows that wait for their erasure."""
    data = tmp_path_factory.mktemp("first") / "data"
    prepared(data)
    return data


@pytest.fixture(scope="module")
def steps(first: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All that an erasure does."""
    data = tmp_path_factory.mktemp("whole") / "data"
    shutil.copytree(first, data)
    status, steps = run(data, -1)
    assert status == 0
    return steps


def test_the_steps_of_an_erasure_are_known(steps: list[str]) -> None:
    assert len(set(steps)) == len(steps)
    assert [step for step in steps if not step.startswith("scanned ") and step not in LOOKED_AT] == list(CHANGING)


@pytest.mark.parametrize("step", [*CHANGING, "scanned dataset"])
def test_an_erasure_killed_after_a_step_is_finished_by_the_next_start(
    first: Path, steps: list[str], data: Path, step: str
) -> None:
    shutil.copytree(first, data)
    assert run(data, steps.index(step)) == (-9, steps[: steps.index(step) + 1])
    with Server(data) as server, server.connect() as connection:
        assert _ended(connection) == "succeeded"
        _check(connection)
    _check_files(data)


@pytest.mark.parametrize("step", ["begun", "rows", "erased control tables", "erased snapshots", "scanned dataset"])
def test_an_erasure_that_finds_the_disk_full_is_finished_by_the_next_call(
    first: Path, steps: list[str], data: Path, step: str
) -> None:
    shutil.copytree(first, data)
    status, _ = run(data, steps.index(step), "full")
    assert status == FAILED
    with Server(data) as server, server.connect() as connection:
        if _ended(connection) == "failed":  # it could say so
            query(connection, "CALL erase(dataset := 'marked')")
        _check(connection)
    _check_files(data)


def _check(connection: dbapi.Connection) -> None:
    assert query(connection, "SELECT count(*) AS n FROM marked")["n"][0].as_py() == ROWS
    assert query(connection, "SELECT 1 FROM __raw__marked WHERE __deleted").num_rows == 0
    found = query(connection, "SELECT DISTINCT erasure_id, proven FROM catalog.erasures").to_pylist()
    assert [row["proven"] for row in found] == [True]
    assert set(query(connection, "CALL verify_certificates()")["status"].to_pylist()) == {"whole"}
    text = "SELECT doc_id FROM vector_search('marked', ?, k := 100)"
    assert not {row["doc_id"] for row in query(connection, text, (MARKERS[2],)).to_pylist()} & set(KEYS)


def _check_files(data: Path) -> None:
    assert in_bytes(data) == {}
    assert decoded(data) == {}
    assert not list((data / "erasures").iterdir())


def _ended(connection: dbapi.Connection) -> str:
    """How the newest erasure ended, once it has."""
    deadline = time.monotonic() + END_S
    text = "SELECT status FROM catalog.jobs WHERE kind = 'erase' ORDER BY queued_at DESC LIMIT 1"
    while time.monotonic() < deadline:
        rows = query(connection, text).to_pylist()
        if rows and rows[0]["status"] not in ("queued", "running"):
            return str(rows[0]["status"])
        time.sleep(0.1)
    raise AssertionError("the erasure did not end")
