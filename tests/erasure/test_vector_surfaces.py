"""What an erasure leaves of documents in embeddings and generations: nothing, while all others are found as before."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from server.certificates.finding import Verdict
from tests.erasure.people import call
from tests.erasure.vector_lake import opened
from tests.harness import ROOT, Server, query
from tests.search.notes import make_index

KEY = "zebulon.quist@example.org"
MARKS = ("Quetzalcoatlus", "Archaeopteryx", KEY, "document-of-zebulon")
PEOPLE = 24
STEPS = 9  # commits, renames and removals of an erasure in one index with two generations
INDEXES = ("by_text", "by_graph", "by_vector", "by_view", "by_team", "only_one")
ERASED = {"document-of-zebulon"}


@pytest.fixture(scope="module")
def tombstoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that has ended: indexes of every kind, with one person's rows taken away."""
    data = tmp_path_factory.mktemp("vectors") / "data"
    with Server(data) as server, server.connect() as connection:
        _fill(connection)
        query(connection, "UPDATE people SET body = 'Archaeopteryx was not a bird' WHERE person = ?", (KEY,))
        for name in ("by_text", "by_view"):
            call(connection, "refresh_index", name=name, wait=True)
        for dataset in ("people", "only_one"):
            call(connection, "tombstone", dataset=dataset, key_column="person", key_values=[KEY])
    return data


def _fill(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE people (doc VARCHAR, person VARCHAR, team VARCHAR, body VARCHAR, place FLOAT[])")
    query(
        connection,
        "INSERT INTO people SELECT 'document-' || i, 'person' || i, 'team' || i % 3, 'Note ' || i || ' of a day', "
        f"[i, 24 - i, i % 5] FROM range({PEOPLE}) t(i)",
    )
    mine = "('document-of-zebulon', ?, 'team1', 'Quetzalcoatlus is not a bird', [3.5, 20, 1])"
    query(connection, f"INSERT INTO people VALUES {mine}", (KEY,))
    query(connection, "CREATE VIEW people_v AS SELECT doc AS number, body FROM people")
    query(connection, "CREATE VIEW teams_v AS SELECT team, string_agg(body, ', ') AS body FROM people GROUP BY team")
    query(connection, "CREATE TABLE only_one AS FROM people WHERE person = ?", (KEY,))
    query(connection, "CREATE TABLE others AS FROM people")
    make_index(connection, "by_text", dataset="people", key_column="doc")
    make_index(connection, "by_graph", dataset="people", key_column="doc", index_type="hnsw")
    make_index(connection, "by_vector", dataset="people", key_column="doc", vector_column="place", metric="l2")
    make_index(connection, "by_view", dataset="people_v", key_column="number", index_type="hnsw")
    make_index(connection, "by_team", dataset="teams_v", key_column="team")
    make_index(connection, "only_one", key_column="doc", index_type="hnsw")
    make_index(connection, "others", key_column="doc")


@pytest.fixture
def data(tombstoned: Path, tmp_path: Path) -> Iterator[Path]:
    with copied(tombstoned, tmp_path / "data") as copy:
        yield copy


def found(server: Server, index: str) -> dict[str, float]:
    """Every document that a search finds, with its score."""
    asked = "[2, 20, 3]::FLOAT[3]" if index == "by_vector" else "'a note on birds of the past'"
    rows = server.rows(f"SELECT doc_id, score FROM vector_search('{index}', {asked}, k := 100)")
    return {str(row["doc_id"]): float(row["score"]) for row in rows}


def with_marks(folder: Path, ours: bool = True) -> set[str]:
    """The files of the indexes that hold a mark; ours: but for the index over the other dataset."""
    files = [file for file in folder.rglob("*") if file.is_file() and not (ours and file.parent.name[:6] == "others")]
    return {str(file) for file in files if any(mark.encode() in file.read_bytes() for mark in MARKS)}


def scores_are_equal(before: dict[str, float], after: dict[str, float]) -> bool:
    return before.keys() == after.keys() and all(abs(before[name] - after[name]) < 1e-6 for name in before)


def test_nothing_of_the_documents_is_left_and_the_others_are_found_as_before(data: Path) -> None:
    with Server(data) as server:
        before = {index: found(server, index) for index in (*INDEXES, "others")}
    assert with_marks(data / "indexes"), "there is something to erase"
    with opened(data) as lake:
        people, one = lake.traces("people", *MARKS), lake.traces("only_one", *MARKS)
        assert set(people.documents) == {"by_text", "by_graph", "by_vector", "by_view", "by_team"}
        for name, documents in people.documents.items():
            assert set(documents) == ({"team1"} if name == "by_team" else ERASED)
        assert [one_finding.verdict for one_finding in lake.scan(people)] == [Verdict.FOUND, Verdict.FOUND]
        rows, generations = lake.erase(people)
        assert (rows, generations) == (5, 7), "two indexes keep a second generation"
        lake.erase(one)
        for traces in (people, one):
            for finding in lake.scan(traces):
                assert (finding.verdict, finding.found, finding.detail) == (Verdict.CLEAN, 0, "")
                assert finding.examined > 0 or traces is one
            assert lake.erase(traces) == (0, 0), "a second time finds nothing to do"
    assert not with_marks(data / "indexes")
    assert with_marks(data / "indexes", ours=False), "an index over another dataset is left alone"
    with Server(data) as server:
        for index in ("by_text", "by_graph", "by_vector", "by_view", "only_one", "others"):
            assert scores_are_equal(before[index], found(server, index)), index
        assert found(server, "others").keys() >= ERASED
        assert not found(server, "only_one")
        assert found(server, "by_team").keys() == {"team0", "team2"}
        server.rows("CALL refresh_index(name := 'by_team', wait := true)")
        assert found(server, "by_team").keys() == {"team0", "team1", "team2"}
        server.rows("INSERT INTO only_one SELECT * FROM others WHERE person = 'person1'")
        server.rows("CALL refresh_index(name := 'only_one', wait := true)")
        assert found(server, "only_one").keys() == {"document-1"}
    assert not with_marks(data / "indexes")


def test_searches_go_on_and_nothing_removed_stays_in_memory(data: Path) -> None:
    with opened(data) as lake:
        traces = lake.traces("people", *MARKS)
        lake.embeddings.erase(traces)
        with lake.indexes.serving.current("by_graph") as held:
            old = held.manifest.generation
            lake.generations.erase(traces)
            assert held.documents() >= ERASED, "a search that runs is not cut off"
            with lake.indexes.serving.current("by_graph") as now:
                assert now.manifest.generation > old
                assert not now.documents() & ERASED
        assert lake.generations.scan(traces).verdict is Verdict.CLEAN


def test_a_generation_that_a_search_never_lets_go_is_no_proof(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.erasing.surfaces.generations.MAPPED_WAIT_S", 0.2)
    with opened(data) as lake:
        traces = lake.traces("people", *MARKS)
        with lake.indexes.serving.current("by_graph"):
            lake.erase(traces)
            finding = lake.generations.scan(traces)
    assert (finding.verdict, finding.detail) == (Verdict.FOUND, "2 removed files are still in memory")


def test_what_is_left_of_indexes_that_are_gone_goes_too(data: Path) -> None:
    indexes = data / "indexes"
    shutil.copytree(indexes / "by_view.g2", indexes / "gone.g1")
    shutil.copytree(indexes / "by_view.g2", indexes / "gone_too.g3.unfinished")
    with opened(data) as lake:
        # After the start, which tidies up as well.
        shutil.copytree(indexes / "by_view.g2", indexes / "gone.g1")
        shutil.copytree(indexes / "by_view.g2", indexes / "by_text.g9.unfinished")
        (indexes / "stray").write_text(f"a note on {KEY}")
        lake.engine.commit("test", "no embeddings", lambda c: c.execute("DROP TABLE lakehouse.vectors.by_graph"))
        lake.engine.commit("test", "no view", lambda c: c.execute("DROP VIEW lakehouse.main.people_v"))
        traces = lake.traces("people", *MARKS)
        assert len(traces.documents["by_view"]) == PEOPLE + 1, "nothing tells which of them are others'"
        lake.erase(traces)
        finding = lake.generations.scan(traces)
        assert (finding.verdict, finding.detail) == (Verdict.FOUND, "1 in stray")
        (indexes / "stray").unlink()
        assert [one.detail for one in lake.scan(traces)] == ["", ""]
    assert {folder.name.partition(".")[0] for folder in indexes.iterdir()} == {*INDEXES, "others"}
    with Server(data) as server:
        assert not found(server, "by_graph")
        assert not found(server, "by_view")
        assert len(found(server, "by_text")) == PEOPLE


def test_a_damaged_generation_is_made_again_from_the_embeddings(data: Path) -> None:
    with opened(data) as lake:
        traces = lake.traces("people", *MARKS)
        (data / "indexes" / "by_graph.g1" / "chunks.arrow").write_bytes(KEY.encode())
        lake.erase(traces)
        assert [one.verdict for one in lake.scan(traces)] == [Verdict.CLEAN, Verdict.CLEAN]
        with lake.indexes.serving.current("by_graph") as generation:
            assert generation.manifest.rows == PEOPLE


def test_deleted_rows_leave_the_live_files_of_embeddings(data: Path) -> None:
    """The refresh after the update has deleted the old text's row: its bytes are in the file until it is rewritten."""
    with opened(data) as lake:
        traces = lake.traces("people", *MARKS)
        live = (
            "SELECT count(*), coalesce(sum(delete_count), 0) FROM __ducklake_metadata_lakehouse.ducklake_delete_file d "
            "JOIN __ducklake_metadata_lakehouse.ducklake_table t USING (table_id) "
            "JOIN __ducklake_metadata_lakehouse.ducklake_data_file f USING (data_file_id) WHERE d.end_snapshot IS NULL "
            "AND t.end_snapshot IS NULL AND f.end_snapshot IS NULL AND table_name IN ('by_text', 'by_view')"
        )
        assert lake.engine.read(lambda c: c.rows(live))[0] == (2, 2)
        lake.embeddings.erase(traces)
        assert lake.engine.read(lambda c: c.rows(live))[0] == (0, 0)


def test_a_name_that_another_row_has_taken_leaves_no_old_text(data: Path) -> None:
    with Server(data) as server:
        server.rows(
            "INSERT INTO people SELECT 'document-of-zebulon', 'other', team, 'Sparrows', place FROM people LIMIT 1"
        )
    with opened(data) as lake:
        traces = lake.traces("people", *MARKS[:3])
        assert set(traces.documents["by_text"]) == set(traces.documents["by_view"]) == ERASED
        lake.erase(traces)
        assert [one.verdict for one in lake.scan(traces)] == [Verdict.CLEAN, Verdict.CLEAN]


@contextmanager
def copied(tombstoned: Path, data: Path) -> Iterator[Path]:
    """A copy of the data folder that goes again: there are many."""
    shutil.copytree(tombstoned, data)
    yield data
    shutil.rmtree(data)


def killed(data: Path, step: int) -> bool:
    """Erase in a process that kills itself at the step; whether it came to it."""
    command = [sys.executable, "-m", "tests.erasure.vector_lake", str(data), "people", "by_text", str(step)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def test_an_erasure_killed_at_any_step_is_finished_by_the_next(tombstoned: Path, tmp_path: Path) -> None:
    with copied(tombstoned, tmp_path / "first") as data, opened(data) as lake:
        traces = lake.traces("people", *MARKS, indexes=("by_text",))
    step = 0
    while True:
        with copied(tombstoned, tmp_path / f"killed_{step}") as data:
            if not killed(data, step):
                break
            with opened(data) as lake:
                lake.erase(traces)
                assert [finding.detail for finding in lake.scan(traces)] == ["", ""], f"killed at step {step}"
                with lake.indexes.serving.current("by_text") as generation:
                    assert len(generation.documents()) == generation.manifest.rows == PEOPLE
            left = [json.loads(file.read_text())["index_name"] for file in (data / "indexes").rglob("manifest.json")]
            assert left.count("by_text") == 1
        step += 1
    assert step == STEPS
