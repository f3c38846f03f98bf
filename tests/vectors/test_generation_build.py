"""Building a generation: what it takes, what it refuses, and that it appears whole or not at all."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pyarrow as pa
import pytest

from server.errors import AlreadyExists, Cancelled, Conflict, DimensionMismatch, InvalidArgument, LakehouseError
from server.vectors.generation import open_generation
from server.vectors.generation_build import ADD_ROWS, BUILD_NICENESS, GenerationSpec, build
from server.vectors.generation_files import generation_folder, remove_unfinished
from server.vectors.metric import Metric

SPEC = GenerationSpec("résumés/2025", 3, "a-model", 4, Metric.COSINE, "hnsw", m=8, ef_construction=20)


def rows(count: int, **replaced: object) -> pa.RecordBatch:
    """Return `count` rows of dimension 4, with some columns replaced."""
    vectors = np.random.default_rng(0).standard_normal((count, 4)).astype(np.float32)
    columns: dict[str, object] = {
        "doc_id": [f"doc {i}" for i in range(count)],
        "chunk_id": list(range(count)),
        "chunk_text": ["text"] * count,
        "embedding": list(vectors),
    }
    return pa.record_batch(columns | replaced)


def built(root: Path, *batches: pa.RecordBatch, spec: GenerationSpec = SPEC) -> Path:
    build(root, spec, batches, lambda done: None, lambda: False)
    return generation_folder(root, spec.index_name, spec.generation)


def test_manifest_says_what_was_built(tmp_path: Path) -> None:
    folder = built(tmp_path, rows(3))
    manifest = open_generation(folder, verify=True).manifest
    assert sorted(path.name for path in folder.iterdir()) == ["chunks.arrow", "index.faiss", "manifest.json"]
    assert (manifest.index_name, manifest.generation, manifest.model) == ("résumés/2025", 3, "a-model")
    assert (manifest.dimension, manifest.metric, manifest.kind, manifest.rows) == (4, Metric.COSINE, "hnsw", 3)
    assert manifest.hnsw is not None
    assert (manifest.hnsw.m, manifest.hnsw.ef_construction) == (8, 20)
    assert manifest.files["index.faiss"].size_bytes == (folder / "index.faiss").stat().st_size


@pytest.mark.parametrize(
    "embedding",
    [
        pa.list_(pa.float32()),
        pa.list_(pa.float64()),
        pa.large_list(pa.float32()),
        pa.list_(pa.float32(), 4),
        pa.list_(pa.float16()),
    ],
    ids=str,
)
def test_every_list_of_numbers_is_taken_even_sliced(tmp_path: Path, embedding: pa.DataType) -> None:
    vectors = np.eye(4, dtype=np.float16)
    batch = rows(4, embedding=pa.array(list(vectors)).cast(embedding)).slice(1, 3)
    generation = open_generation(built(tmp_path, batch))
    found = generation.search(vectors[1:4].astype(np.float32), 1)
    assert found.ids.ravel().tolist() == [0, 1, 2]
    assert generation.chunks(found.ids.ravel()).column("doc_id").to_pylist() == ["doc 1", "doc 2", "doc 3"]


@pytest.mark.parametrize(
    "doc_ids",
    [
        pa.array([7, 8], pa.int64()),
        pa.array(["7", "8"], pa.large_string()),
        pa.array(["7", "8"]).dictionary_encode(),
    ],
    ids=lambda ids: str(ids.type),
)
def test_doc_ids_are_kept_as_text(tmp_path: Path, doc_ids: Any) -> None:
    generation = open_generation(built(tmp_path, rows(2, doc_id=doc_ids)))
    assert generation.chunks(np.array([1, 0])).column("doc_id").to_pylist() == ["8", "7"]


@pytest.mark.parametrize(
    ("replaced", "error", "message"),
    [
        ({"embedding": [[1.0] * 4, [1.0] * 3]}, DimensionMismatch, "'résumés/2025' .* 4 dimensions, row 3 has 3"),
        ({"embedding": pa.array([[1.0] * 5] * 2, pa.list_(pa.float32(), 5))}, DimensionMismatch, "row 2 has 5"),
        ({"embedding": [[1.0] * 4, None]}, InvalidArgument, "embedding is NULL in row 3"),
        ({"embedding": [[1.0] * 4, [1.0, None, 1.0, 1.0]]}, InvalidArgument, "embedding holds NULL in row 3"),
        ({"embedding": [[1.0] * 4, [float("nan")] * 4]}, InvalidArgument, "row 3 holds NaN"),
        ({"embedding": [[1.0] * 4, [0.0] * 4]}, InvalidArgument, "row 3 is all zeros"),
        ({"embedding": ["a", "b"]}, InvalidArgument, "embedding is string, not a list"),
        ({"embedding": [[b"a"] * 4, [b"b"] * 4]}, InvalidArgument, "not a list of numbers"),
        ({"doc_id": ["a", None]}, InvalidArgument, "doc_id is NULL in row 3"),
        ({"chunk_id": [0, 2**40]}, InvalidArgument, "chunk_id cannot be kept as int32"),
    ],
)
def test_wrong_rows_are_refused_by_number_and_leave_nothing(
    tmp_path: Path, replaced: dict[str, object], error: type[LakehouseError], message: str
) -> None:
    with pytest.raises(error, match=message):
        built(tmp_path, rows(2), rows(2, **replaced))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="lack the columns chunk_text, embedding"):
        built(tmp_path, rows(2).select(["doc_id", "chunk_id"]))


@pytest.mark.parametrize("spec", [{"dimension": 0}, {"m": 1}, {"ef_construction": 0}, {"index_name": ""}])
def test_specs_that_make_no_index_are_refused(tmp_path: Path, spec: dict[str, int | str]) -> None:
    with pytest.raises(InvalidArgument):
        built(tmp_path, rows(1), spec=GenerationSpec(**({**vars(SPEC)} | spec)))


def test_a_zero_vector_is_welcome_where_direction_does_not_matter(tmp_path: Path) -> None:
    spec = GenerationSpec("t", 1, "a-model", 4, Metric.L2, "exact")
    generation = open_generation(built(tmp_path, rows(2, embedding=[[0.0] * 4, [3.0, 4.0, 0.0, 0.0]]), spec=spec))
    assert generation.search(np.zeros((1, 4)), 2).scores.tolist() == [[0.0, -5.0]]


def test_a_finished_generation_is_never_written_again(tmp_path: Path) -> None:
    folder = built(tmp_path, rows(2))
    with pytest.raises(AlreadyExists, match="never written twice"):
        built(tmp_path, rows(3))
    assert open_generation(folder, verify=True).manifest.rows == 2


def test_two_builds_of_one_generation_do_not_mix(tmp_path: Path) -> None:
    def batches() -> object:
        yield rows(2)
        with pytest.raises(Conflict, match="another build"):
            built(tmp_path, rows(3))

    build(tmp_path, SPEC, batches(), lambda done: None, lambda: False)  # type: ignore[arg-type]
    assert open_generation(generation_folder(tmp_path, SPEC.index_name, 3), verify=True).manifest.rows == 2


def test_progress_counts_rows_in_the_callers_thread(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    build(
        tmp_path,
        SPEC,
        [rows(ADD_ROWS + 10)],
        lambda done: seen.append((done, threading.get_ident())),
        lambda: False,
        threads=1,
    )
    assert seen == [(ADD_ROWS, threading.get_ident()), (ADD_ROWS + 10, threading.get_ident())]


@pytest.mark.parametrize("polls_before", [0, 1, 2])
def test_a_cancelled_build_leaves_nothing(tmp_path: Path, polls_before: int) -> None:
    answers = iter([False] * polls_before + [True])
    with pytest.raises(Cancelled, match="generation 3"):
        build(tmp_path, SPEC, [rows(ADD_ROWS + 1)], lambda done: None, lambda: next(answers), threads=1)
    assert list(tmp_path.iterdir()) == []


def test_a_build_leaves_the_callers_threads_and_priority_alone(tmp_path: Path) -> None:
    before = (faiss.omp_get_max_threads(), os.getpriority(os.PRIO_PROCESS, 0))
    build(tmp_path, SPEC, [rows(50)], lambda done: None, lambda: False, threads=before[0] + 3)
    assert (faiss.omp_get_max_threads(), os.getpriority(os.PRIO_PROCESS, 0)) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_indexing_threads_are_as_many_as_asked_for_and_give_way_to_searches(tmp_path: Path) -> None:
    def slow_threads(done: int) -> None:
        tasks = [int(task) for task in os.listdir("/proc/self/task")]
        seen.append(sum(os.getpriority(os.PRIO_PROCESS, task) == BUILD_NICENESS for task in tasks))

    seen: list[int] = []
    build(tmp_path, SPEC, [rows(4 * ADD_ROWS)], slow_threads, lambda: False, threads=2)
    assert seen == [2, 2]


KILLED_BUILD = """
import sys, pathlib, time, pyarrow as pa
from server.vectors.generation_build import GenerationSpec, build
from server.vectors.metric import Metric
batch = pa.record_batch({"doc_id": ["a"], "chunk_id": [0], "chunk_text": ["t"], "embedding": [[1.0, 0.0]]})
def stop(done):
    print("indexing", flush=True)
    time.sleep(60)
build(pathlib.Path(sys.argv[1]), GenerationSpec("t", 1, "m", 2, Metric.COSINE, "exact"), [batch], stop, lambda: False)
"""


def test_a_killed_build_is_not_loadable_and_is_cleared_away(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_BUILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"indexing\n"
        process.send_signal(signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    with pytest.raises(LakehouseError, match="never finished"):
        open_generation(left)
    assert remove_unfinished(tmp_path) == [left]
    assert list(tmp_path.iterdir()) == []
    spec = GenerationSpec("t", 1, "m", 4, Metric.COSINE, "exact")
    assert open_generation(built(tmp_path, rows(1), spec=spec)).manifest.rows == 1
