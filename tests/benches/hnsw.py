"""The HNSW search itself, without the door, beside an exact scan of the same vectors; each on one thread."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from server.vectors.generation import open_generation
from server.vectors.generation_build import GenerationSpec, build
from server.vectors.generation_files import generation_folder
from server.vectors.metric import Metric
from tests.benches.kit.context import INDEX, Context, K
from tests.benches.kit.rows import Row
from tests.benches.kit.timing import take_turns
from tests.benches.kit.vectors import DIMENSION, Vectors, lists, recall

WHAT = "HNSW search, beside an exact scan"
TIMES_MIN, RECALL_MIN = 30.0, 0.99
ORIGIN = "the origin published 873 µs at recall 1.00, on another machine"
BATCH_ROWS = 8192


def run(context: Context) -> list[Row]:
    made, truth = context.index.corpus, context.index.truth
    graph = open_generation(generation_folder(context.data.indexes, INDEX, 1))
    scan = open_generation(_exact(context, made.vectors))
    queries = made.queries
    variants = {
        "hnsw": lambda number: graph.search(queries[number % len(queries)][None], K),
        "exact": lambda number: scan.search(queries[number % len(queries)][None], K),
    }
    took = {name: one.times(1e6) for name, one in take_turns(variants, context.sizes.calls // 2, warm_up=10).items()}
    # Ids of FAISS follow the text order of doc_id.
    numbers = np.array(graph.chunks(np.arange(len(made.vectors)))["doc_id"].to_pylist()).astype(np.int64)
    share = recall(numbers[graph.search(queries, K).ids], truth)
    ratio = took["exact"].median / took["hnsw"].median
    return [
        Row(
            f"HNSW search {len(made.vectors):,} x {DIMENSION}: exact scan",
            took["hnsw"],
            took["exact"],
            "µs",
            ratio,
            f"≥ {TIMES_MIN:g} x faster at recall ≥ {RECALL_MIN}",
            ratio >= TIMES_MIN and share >= RECALL_MIN,
            f"recall@{K} {share:.4f}; {ORIGIN}",
        )
    ]


def _exact(context: Context, vectors: Vectors) -> Path:
    """The folder of a generation that is scanned exactly."""
    root = context.folder / "exact"
    spec = GenerationSpec("exact", 1, "brought", DIMENSION, Metric.COSINE, "exact")
    batches = (_batch(vectors[start : start + BATCH_ROWS], start) for start in range(0, len(vectors), BATCH_ROWS))
    build(root, spec, batches, lambda _: None, lambda: False)
    return generation_folder(root, "exact", 1)


def _batch(vectors: Vectors, first: int) -> pa.RecordBatch:
    return pa.record_batch(
        {
            "doc_id": pa.array(range(first, first + len(vectors))),
            "chunk_id": pa.array([0] * len(vectors), pa.int32()),
            "chunk_text": pa.nulls(len(vectors), pa.string()),
            "embedding": lists(vectors),
        }
    )
