"""Embed what is missing and commit it in checkpoints, so that nothing committed is ever embedded again."""

import time
from collections.abc import Iterator

import pyarrow as pa

from server.ai.providers import EmbeddingProvider
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Cancelled, DimensionMismatch
from server.jobs.job import Job
from server.sql.quoting import identifier
from server.vectors.catalog import SQL
from server.vectors.definition import IndexDefinition

WINDOW_CHUNKS = 512  # embedded at once: enough to sort by length, little enough to stop soon
EMBEDDED = ["doc_id", "chunk_id", "chunk_text", "content_hash", "model", "embedding"]


def missing_count(cursor: LakeCursor, index: IndexDefinition) -> int:
    query = SQL["missing_count"].format(embeddings=index.embeddings)
    return int(cursor.execute(query, {"model": index.model}).table().column(0)[0].as_py())


def embed_missing(
    engine: Engine, cursor: LakeCursor, index: IndexDefinition, provider: EmbeddingProvider, job: Job
) -> None:
    """cursor: holds `staged`. Adds to job.done what is committed; commits at least every checkpoint_s seconds."""
    query = SQL["missing"].format(embeddings=index.embeddings)
    # Read whole first: the anti-join must not see what is being added, and the texts are bounded by the dataset.
    missing = cursor.execute(query, {"model": index.model}).table()
    waiting: list[pa.Table] = []
    since = time.monotonic()
    for window in _windows(missing):
        job.check()
        waiting.append(_embedded(window, index, provider, job))
        if time.monotonic() - since >= engine.settings.checkpoint_s:
            _checkpoint(engine, index, waiting, job)
            since = time.monotonic()
    _checkpoint(engine, index, waiting, job)


def copy_vectors(engine: Engine, cursor: LakeCursor, index: IndexDefinition, snapshot: int, job: Job) -> None:
    """Bring vectors along: one commit, since nothing is computed."""
    key, vector = identifier(index.key_column), identifier(index.vector_column or "")
    missing = cursor.execute(SQL["missing"].format(embeddings=index.embeddings), {"model": index.model}).table()

    def insert(commit: LakeCursor) -> None:
        commit.register("missing", missing)
        try:
            commit.execute(
                f"INSERT INTO {index.embeddings} SELECT missing.doc_id, missing.chunk_id, NULL, missing.content_hash, "
                f"$model, CAST(s.{vector} AS FLOAT[]) FROM missing JOIN {index.source} AT (VERSION => {snapshot:d}) s "
                f"ON CAST(s.{key} AS VARCHAR) = missing.doc_id",
                {"model": index.model},
            )
        finally:
            commit.unregister("missing")

    engine.commit(SERVER, f"vectors of index {index.index_name}", insert)
    job.done += missing.num_rows


def _windows(missing: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, missing.num_rows, WINDOW_CHUNKS):
        yield missing.slice(start, WINDOW_CHUNKS)


def _embedded(window: pa.Table, index: IndexDefinition, provider: EmbeddingProvider, job: Job) -> pa.Table:
    try:
        vectors = provider.embed([str(text) for text in window["chunk_text"].to_pylist()], job.must_stop)
    except Cancelled:
        job.check()
        raise
    if index.dimension is not None and vectors.shape[1] != index.dimension:
        raise DimensionMismatch(
            f"model {provider.model} now embeds in {vectors.shape[1]} dimensions, index {index.index_name!r} "
            f"holds {index.dimension}: drop the index and create it again"
        )
    flat = pa.array(vectors.reshape(-1), pa.float32())
    lists = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]).cast(pa.list_(pa.float32()))
    models = pa.array([index.model] * window.num_rows)
    return window.append_column("model", models).append_column("embedding", lists).select(EMBEDDED)


def _checkpoint(engine: Engine, index: IndexDefinition, waiting: list[pa.Table], job: Job) -> None:
    if not waiting:
        return
    table = pa.concat_tables(waiting)

    def insert(cursor: LakeCursor) -> None:
        cursor.register("embedded", table)
        try:
            cursor.execute(f"INSERT INTO {index.embeddings} SELECT * FROM embedded")
        finally:
            cursor.unregister("embedded")

    engine.commit(SERVER, f"embeddings of index {index.index_name}", insert)
    job.done += table.num_rows
    waiting.clear()
