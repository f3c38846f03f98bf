"""Searching a generation: recall, filters, edges of k, wrong queries, and reading chunks back."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from server.errors import DimensionMismatch, InvalidArgument, Unavailable
from server.vectors import generation as generation_module
from server.vectors.generation import Generation, open_generation
from server.vectors.generation_build import GenerationSpec, build
from server.vectors.generation_files import Kind, generation_folder
from server.vectors.metric import Metric

DIMENSION = 32
ROWS = 20_000
TOPICS = 200
Vectors = NDArray[np.float32]


def clustered(rows: int, seed: int) -> Vectors:
    """Return (rows, DIMENSION) float32 around TOPICS centres that are the same for every seed."""
    centres = np.random.default_rng(0).standard_normal((TOPICS, DIMENSION))
    random = np.random.default_rng(seed)
    near = centres[random.integers(0, TOPICS, rows)] + 0.4 * random.standard_normal((rows, DIMENSION))
    return near.astype(np.float32)


def record_batch(vectors: NDArray[Any], first: int = 0) -> pa.RecordBatch:
    """Return rows as a build takes them; doc_id is the row number as an integer."""
    numbers = range(first, first + len(vectors))
    return pa.record_batch(
        {
            "doc_id": pa.array(list(numbers), pa.int64()),
            "chunk_id": pa.array([number % 3 for number in numbers], pa.int32()),
            "chunk_text": [None if number == 1 else f"text {number}" for number in numbers],
            "embedding": pa.array(list(vectors), pa.list_(pa.float32())),
        }
    )


def made(root: Path, vectors: Vectors, kind: Kind, metric: Metric = Metric.COSINE, name: str = "t") -> Generation:
    """Build and open a generation of `vectors`, fed in two uneven batches."""
    spec = GenerationSpec(name, 1, "a-model", vectors.shape[1], metric, kind)
    cut = len(vectors) // 3
    batches = [record_batch(vectors[:cut]), record_batch(vectors[cut:], cut)]
    build(root, spec, batches, lambda rows: None, lambda: False)
    return open_generation(generation_folder(root, name, 1), verify=True)


def true_order(vectors: Vectors, query: Vectors, metric: Metric) -> NDArray[np.float64]:
    """Return the score of every vector for one query, computed without FAISS."""
    x, q = vectors.astype(np.float64), query.astype(np.float64)
    if metric is Metric.L2:
        return np.asarray(-np.linalg.norm(x - q, axis=1))
    products = x @ q
    return np.asarray(products / np.linalg.norm(x, axis=1) / np.linalg.norm(q) if metric is Metric.COSINE else products)


def recall(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(found, truth, strict=True)]))


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return clustered(ROWS, seed=1)


@pytest.fixture(scope="module")
def queries() -> Vectors:
    return clustered(50, seed=2)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generations")


@pytest.fixture(scope="module")
def graph(root: Path, vectors: Vectors) -> Generation:
    return made(root, vectors, "hnsw", name="graph")


@pytest.fixture(scope="module")
def flat(root: Path, vectors: Vectors) -> Generation:
    return made(root, vectors, "exact", name="flat")


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
@pytest.mark.parametrize("metric", list(Metric))
def test_scores_are_those_of_the_metric_and_fall(tmp_path: Path, metric: Metric, kind: Kind) -> None:
    rows, query = clustered(5000, seed=3), clustered(1, seed=4)
    matches = made(tmp_path, rows, kind, metric).search(query, 20)
    assert matches.plans == (kind,)
    truth = true_order(rows, query[0], metric)
    np.testing.assert_allclose(matches.scores[0], np.sort(truth)[::-1][:20], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(matches.scores[0], truth[matches.ids[0]], rtol=1e-4, atol=1e-4)


def test_the_graph_finds_what_the_scan_finds_on_clustered_vectors(
    graph: Generation, flat: Generation, queries: Vectors
) -> None:
    walked, scanned = graph.search(queries, 10), flat.search(queries, 10)
    assert set(walked.plans) == {"hnsw"}
    assert set(scanned.plans) == {"exact"}
    assert recall(walked.ids, scanned.ids) >= 0.99


def test_a_smaller_ef_is_used_for_that_query_only(graph: Generation, flat: Generation, queries: Vectors) -> None:
    before = graph.search(queries, 10)
    narrow = graph.search(queries, 10, ef_search=1)
    after = graph.search(queries, 10)
    truth = flat.search(queries, 10).ids
    assert recall(narrow.ids, truth) < recall(before.ids, truth)
    np.testing.assert_array_equal(before.ids, after.ids)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_filtered_results_stay_inside_and_are_never_short(
    share: float, kind: Kind, graph: Generation, flat: Generation, vectors: Vectors, queries: Vectors
) -> None:
    allowed = np.flatnonzero(np.random.default_rng(5).random(ROWS) < share)
    matches = (flat if kind == "exact" else graph).search(queries, 10, allowed=allowed)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    truth = allowed[np.argsort(-(queries @ unit[allowed].T), axis=1)[:, :10]]
    assert np.isin(matches.ids, allowed).all()
    assert recall(matches.ids, truth) >= 0.99
    assert set(matches.plans) == ({"hnsw+filter"} if kind == "hnsw" and share >= 0.5 else {"exact+filter"})


def test_a_filter_that_hides_everything_near_still_finds_the_best_of_the_rest(
    graph: Generation, vectors: Vectors, queries: Vectors
) -> None:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for query in queries[:10]:
        products = unit @ query
        allowed = np.sort(np.argsort(products)[: ROWS * 7 // 10])  # only the farthest seven tenths are visible
        matches = graph.search(query[None], 10, allowed=allowed)
        truth = allowed[np.argsort(-products[allowed])[:10]]
        assert recall(matches.ids, truth[None]) >= 0.99


def test_the_graph_is_asked_for_more_when_a_filter_hides_the_nearest(
    graph: Generation, flat: Generation, queries: Vectors
) -> None:
    for query in queries[:10, None]:
        hidden = flat.search(query, 50).ids[0]
        allowed = np.setdiff1d(np.arange(ROWS), hidden)
        matches = graph.search(query, 10, allowed=allowed)
        assert matches.plans == ("hnsw+filter",)
        assert recall(matches.ids, flat.search(query, 10, allowed=allowed).ids) >= 0.9


def test_a_filter_that_keeps_everything_is_no_filter(graph: Generation, queries: Vectors) -> None:
    assert graph.search(queries[:1], 5, allowed=np.arange(ROWS)).plans == ("hnsw",)


def test_a_filter_that_keeps_nothing_finds_nothing(graph: Generation, queries: Vectors) -> None:
    matches = graph.search(queries[:2], 5, allowed=np.array([], dtype=np.int64))
    assert (matches.ids == -1).all()
    assert np.isneginf(matches.scores).all()
    assert matches.plans == ("exact+filter", "exact+filter")


@pytest.mark.parametrize("allowed", [[5, 3], [3, 3], [-1, 3], [3, ROWS]])
def test_allowed_ids_out_of_order_or_range_are_refused(allowed: list[int], graph: Generation, queries: Vectors) -> None:
    with pytest.raises(InvalidArgument, match="rise strictly"):
        graph.search(queries, 5, allowed=np.array(allowed))


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_k_beyond_the_rows_gives_each_row_once_and_then_nothing(tmp_path: Path, kind: Kind) -> None:
    matches = made(tmp_path, clustered(7, seed=6), kind).search(clustered(2, seed=7), 10)
    assert sorted(matches.ids[0, :7]) == list(range(7))
    assert (matches.ids[:, 7:] == -1).all()
    assert np.isneginf(matches.scores[:, 7:]).all()


def test_k_beyond_the_allowed_rows_gives_exactly_those(graph: Generation, queries: Vectors) -> None:
    matches = graph.search(queries[:1], 5, allowed=np.array([4, 17, 19_999]))
    assert sorted(matches.ids[0].tolist()) == [-1, -1, 4, 17, 19_999]


@pytest.mark.parametrize(("k", "ef_search"), [(0, 128), (-1, 128), (generation_module.K_MAX + 1, 128), (5, 0)])
def test_k_and_ef_out_of_range_are_refused(k: int, ef_search: int, graph: Generation, queries: Vectors) -> None:
    with pytest.raises(InvalidArgument, match="allowed"):
        graph.search(queries, k, ef_search)


def test_a_graph_that_fell_apart_is_not_a_short_answer(tmp_path: Path) -> None:
    """Too few links leave islands that a walk never reaches: FAISS alone returns less than k here."""
    batch = record_batch(clustered(8000, seed=10))
    spec = GenerationSpec("t", 1, "a-model", DIMENSION, Metric.COSINE, "hnsw", m=2, ef_construction=1)
    build(tmp_path, spec, [batch], lambda rows: None, lambda: False)
    generation = open_generation(generation_folder(tmp_path, "t", 1))
    matches = generation.search(clustered(30, seed=11), 200, ef_search=1)
    assert "exact" in matches.plans
    assert (matches.ids >= 0).all()


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_an_index_without_rows_finds_nothing(tmp_path: Path, kind: Kind) -> None:
    empty = made(tmp_path, np.empty((0, 4), dtype=np.float32), kind)
    assert (empty.search(np.ones((2, 4)), 3).ids == -1).all()
    assert empty.chunks(np.array([], dtype=np.int64)).num_rows == 0


def test_no_queries_are_answered_by_no_matches(graph: Generation) -> None:
    matches = graph.search(np.empty((0, DIMENSION)), 3)
    assert (matches.ids.shape, matches.plans) == ((0, 3), ())


def test_many_queries_at_once_get_the_answers_they_get_alone(graph: Generation) -> None:
    many = clustered(150, seed=8)
    together = graph.search(many, 5).ids
    alone = np.concatenate([graph.search(many[i : i + 1], 5).ids for i in range(150)])
    np.testing.assert_array_equal(together, alone)


def test_a_query_of_another_dimension_names_both_and_the_model(graph: Generation) -> None:
    with pytest.raises(DimensionMismatch, match=r"'graph' holds vectors of 32 dimensions, the query has 31.*a-model"):
        graph.search(np.ones((1, 31)), 5)


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.nan, "row 1 holds NaN"), (np.inf, "row 1 holds NaN or an inf"), (1e300, "row 1"), (0.0, "row 1 is all zeros")],
)
def test_queries_without_a_direction_are_refused(values: float, message: str, graph: Generation) -> None:
    queries = np.ones((2, DIMENSION))
    queries[1] = values
    with pytest.raises(InvalidArgument, match=message):
        graph.search(queries, 5)


def test_a_single_vector_must_come_as_a_matrix(graph: Generation) -> None:
    with pytest.raises(InvalidArgument, match="matrix"):
        graph.search(np.ones(DIMENSION), 5)


def test_chunks_come_back_in_the_order_asked_for(graph: Generation) -> None:
    ids = np.array([19_999, 0, 1, 8192, 8191, 0])
    table = graph.chunks(ids)
    assert table.column("doc_id").to_pylist() == ["19999", "0", "1", "8192", "8191", "0"]
    assert table.column("chunk_id").to_pylist() == [int(i % 3) for i in ids]
    assert table.column("chunk_text").to_pylist()[1:3] == ["text 0", None]


@pytest.mark.parametrize("unknown", [-1, ROWS])
def test_chunks_of_unknown_ids_are_refused(unknown: int, graph: Generation) -> None:
    with pytest.raises(InvalidArgument, match="19999"):
        graph.chunks(np.array([0, unknown]))


def test_a_closed_generation_refuses_to_search(tmp_path: Path) -> None:
    generation = made(tmp_path, clustered(5, seed=9), "exact")
    generation.close()
    generation.close()
    with pytest.raises(Unavailable, match="generation 1 of index 't' is closed"):
        generation.search(np.ones((1, DIMENSION)), 1)
    with pytest.raises(Unavailable, match="closed"):
        generation.chunks(np.array([0]))
