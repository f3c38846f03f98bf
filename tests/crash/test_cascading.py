"""SIGKILL in the middle of an erasure that goes on into derived tables: the next start finishes it in all of them."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from tests.erasure.people import make_people, tombstone
from tests.harness import ROOT, Server, query

END_S = 120.0
TEXTS = (b"ada@example.org", b"what her copy alone says")
STEPS = ("begun", "erased index generations", "rows", "erased derived datasets", "erased catalog", "certified")


def erase(data: Path, last: int) -> tuple[int, list[str]]:
    """Erase in a process that is killed after that step: its status, the steps it came by."""
    command = [sys.executable, "-m", "tests.erasure.erase_lake", str(data), "people", str(last), "cascade"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=END_S)
    return done.returncode, [line.removeprefix("step ") for line in done.stdout.splitlines() if line[:5] == "step "]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A data folder with rows that wait for their erasure, and copies of them; all steps of the erasure."""
    data, whole = tmp_path_factory.mktemp("first") / "data", tmp_path_factory.mktemp("whole") / "data"
    with Server(data) as server, server.connect() as connection:
        make_people(connection, "people")
        query(connection, "CREATE TABLE copied AS FROM people")
        query(connection, "UPDATE copied SET note = 'what her copy alone says' WHERE id = 0")
        query(connection, "CREATE TABLE further AS SELECT email AS mail, 'x' || id AS x FROM copied")
        query(
            connection,
            "CALL create_index(name := 'copied', dataset := 'copied', key_column := 'id', text_columns := ['note'], "
            "wait := true)",
        )
        tombstone(connection, "people", "ada")
    shutil.copytree(data, whole)
    status, steps = erase(whole, -1)
    assert status == 0
    return data, steps


@pytest.mark.parametrize("step", STEPS)
def test_a_cascade_killed_after_a_step_is_finished_by_the_next_start(
    first: tuple[Path, list[str]], data: Path, step: str
) -> None:
    folder, steps = first
    shutil.copytree(folder, data)
    assert erase(data, steps.index(step)) == (-9, steps[: steps.index(step) + 1])
    with Server(data) as server, server.connect() as connection:
        assert _ended(connection) == "succeeded"
        _check(connection)
    left = {path.name for path in data.rglob("*") if path.is_file() for text in TEXTS if text in path.read_bytes()}
    assert left == set()
    assert not list((data / "erasures").iterdir())


def _check(connection: dbapi.Connection) -> None:
    assert query(connection, "SELECT DISTINCT email FROM copied").num_rows == 4
    assert query(connection, "SELECT DISTINCT mail FROM further").num_rows == 4
    text = "SELECT erasure_id, surface, proven, erased_count FROM catalog.erasures"
    found = query(connection, text).to_pylist()
    assert {row["proven"] for row in found} == {True}
    assert len({row["erasure_id"] for row in found}) == 1
    counts = {row["surface"]: row["erased_count"] for row in found}
    assert (counts["derived dataset copied"], counts["derived dataset further"]) == (2, 2)
    assert set(query(connection, "CALL verify_certificates()")["status"].to_pylist()) == {"whole"}
    hits = query(connection, "SELECT doc_id FROM vector_search('copied', 'what her copy alone says', k := 20)")
    assert not {"0", "5"} & set(hits["doc_id"].to_pylist())


def _ended(connection: dbapi.Connection) -> str:
    """How the erasure ended, once it has."""
    deadline = time.monotonic() + END_S
    text = "SELECT status FROM catalog.jobs WHERE kind = 'erase_cascade' ORDER BY queued_at DESC LIMIT 1"
    while time.monotonic() < deadline:
        rows = query(connection, text).to_pylist()
        if rows and rows[0]["status"] not in ("queued", "running"):
            return str(rows[0]["status"])
        time.sleep(0.1)
    raise AssertionError("the erasure did not end")
