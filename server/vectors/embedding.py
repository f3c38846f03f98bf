"""Give every staged chunk its vector and commit in checkpoints, so that nothing committed is ever embedded again."""

import time
from collections.abc import Iterator

import pyarrow as pa

from server.ai.providers import EmbeddingProvider
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Cancelled, DimensionMismatch, ProviderUnavailable
from server.jobs.job import Job, Stopping
from server.vectors.catalog import SQL
from server.vectors.definition import IndexDefinition

# Chunks embedded at once. More can be sorted by length, less can stop and commit sooner: the number follows the speed.
WINDOW_MIN, WINDOW_MAX = 32, 2048


def find_missing(cursor: LakeCursor, index: IndexDefinition) -> int:
    """Fill the cursor's temporary table `missing` with the staged chunks that have no vector yet; how many they are."""
    cursor.execute(SQL["missing"].format(embeddings=index.embeddings), {"model": index.model})
    return _count(cursor, SQL["missing_count"])


def add_known(cursor: LakeCursor, index: IndexDefinition) -> int:
    """Give missing chunks whose text has a vector under another key that vector; how many are still missing."""
    values = {"model": index.model}
    if _count(cursor, SQL["known_count"].format(embeddings=index.embeddings), values):
        _insert(cursor, index, SQL["add_known"].format(embeddings=index.embeddings), values)
        return find_missing(cursor, index)
    return _count(cursor, SQL["missing_count"])


def add_brought(cursor: LakeCursor, index: IndexDefinition) -> None:
    """Take the vectors that came with the data: one commit, since nothing is computed."""
    _insert(cursor, index, SQL["add_brought"].format(embeddings=index.embeddings), {"model": index.model})


def embed_missing(
    engine: Engine, cursor: LakeCursor, index: IndexDefinition, provider: EmbeddingProvider, job: Job
) -> None:
    """Embed the chunks in `missing`, adding to job.done what is committed; commits about every checkpoint_s seconds.

    What is embedded when the provider fails or the server stops is committed too.
    """
    waiting: list[pa.Table] = []
    since = time.monotonic()
    try:
        for window in _windows(cursor, engine.settings.checkpoint_s):
            job.check()
            waiting.append(_embedded(window, index, provider, job))
            if time.monotonic() - since >= engine.settings.checkpoint_s:
                _checkpoint(engine, index, waiting, job)
                since = time.monotonic()
    except (ProviderUnavailable, Stopping):
        _checkpoint(engine, index, waiting, job)
        raise
    _checkpoint(engine, index, waiting, job)


def _windows(cursor: LakeCursor, checkpoint_s: float) -> Iterator[pa.Table]:
    """Cut `missing` into windows that grow while the caller takes less than a quarter of checkpoint_s for one."""
    start, size = 0, WINDOW_MIN
    while (window := cursor.execute(SQL["window"], {"start": start, "stop": start + size}).table()).num_rows:
        began = time.monotonic()
        yield window
        took = time.monotonic() - began
        start += size
        size = min(size * 2, WINDOW_MAX) if took < checkpoint_s / 4 else max(size // 2, WINDOW_MIN)


def _embedded(window: pa.Table, index: IndexDefinition, provider: EmbeddingProvider, job: Job) -> pa.Table:
    """The window with its columns model and embedding. A text that comes several times is embedded once."""
    texts = [str(text) for text in window["chunk_text"].to_pylist()]
    place = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    try:
        vectors = provider.embed(list(place), job.must_stop)
    except Cancelled:
        job.check()
        raise
    if index.dimension is not None and vectors.shape[1] != index.dimension:
        raise DimensionMismatch(
            f"model {provider.model} now embeds in {vectors.shape[1]} dimensions, index {index.index_name!r} "
            f"holds {index.dimension}: drop the index and create it again"
        )
    flat = pa.array(vectors[[place[text] for text in texts]].reshape(-1), pa.float32())
    lists = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]).cast(pa.list_(pa.float32()))
    models = pa.array([index.model] * window.num_rows)
    return window.append_column("model", models).append_column("embedding", lists)


def _checkpoint(engine: Engine, index: IndexDefinition, waiting: list[pa.Table], job: Job) -> None:
    if not waiting:
        return
    table = pa.concat_tables(waiting)

    def insert(cursor: LakeCursor) -> None:
        cursor.register("embedded", table)
        try:
            cursor.execute(SQL["add_embedded"].format(embeddings=index.embeddings))
        finally:
            cursor.unregister("embedded")

    engine.commit(SERVER, f"embeddings of index {index.index_name}", insert)
    job.done += table.num_rows
    waiting.clear()


def _insert(cursor: LakeCursor, index: IndexDefinition, sql: str, values: dict[str, str]) -> None:
    commit_on(cursor, SERVER, f"embeddings of index {index.index_name}", lambda c: c.execute(sql, values))


def _count(cursor: LakeCursor, sql: str, values: dict[str, str] | None = None) -> int:
    return int(cursor.execute(sql, values or {}).table().column(0)[0].as_py())
