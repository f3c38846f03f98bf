"""Read a dataset as it is now and cut it into chunks, in a temporary table that may spill to disk."""

import hashlib
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import InvalidArgument
from server.jobs.job import Job
from server.sql.quoting import identifier
from server.sql.schema import schema_of
from server.vectors.brought import BroughtVectors
from server.vectors.catalog import SQL
from server.vectors.chunking import chunk_text
from server.vectors.definition import IndexDefinition
from server.vectors.reading import batches

DOCUMENTS_READ = 2048  # DuckDB gives no smaller batches
STAGED = schema_of(
    doc_id=pa.string(),
    chunk_id=pa.int32(),
    chunk_text=pa.string(),
    content_hash=pa.string(),
    embedding=pa.list_(pa.float32()),
)


@dataclass(frozen=True)
class Staged:
    """snapshot: of the lake, at which the dataset was read. dimension: of vectors brought along, None if unknown."""

    snapshot: int
    dimension: int | None
    chunks: int


def stage(engine: Engine, cursor: LakeCursor, index: IndexDefinition, job: Job) -> Staged:
    """Fill the cursor's temporary table `staged` with every chunk of the dataset.

    Raises InvalidArgument unless the key column names each row once, SqlError for a column that is gone, and what
    BroughtVectors raises.
    """
    cursor.execute(SQL["stage"])
    reading = engine.cursor(SERVER)
    try:
        # One transaction, so that the check of the keys and the read see the same rows, of views too.
        reading.execute("BEGIN")
        snapshot = int(reading.rows(SQL["snapshot"])[0][0])
        _check_keys(reading, index)
        brought = BroughtVectors(index) if index.vector_column is not None else None
        chunks = 0
        for documents in batches(reading, _documents(index), DOCUMENTS_READ):
            job.check()
            columns = _chunks(documents, index) if brought is None else brought.columns(documents)
            chunks += _append(cursor, pa.Table.from_pydict(columns, STAGED))
        return Staged(snapshot, index.dimension if brought is None else brought.dimension, chunks)
    finally:
        reading.roll_back()
        reading.close()


def _check_keys(cursor: LakeCursor, index: IndexDefinition) -> None:
    names = {"key": _key(index), "source": index.source}
    total, keyed, distinct = cursor.rows(SQL["keys"].format(**names))[0]
    if keyed < total:
        raise InvalidArgument(f"key column {index.key_column} of {index.dataset} is NULL in {total - keyed} rows")
    if distinct < keyed:
        key, rows = cursor.rows(SQL["repeated_key"].format(**names))[0]
        raise InvalidArgument(
            f"key column {index.key_column} of {index.dataset} must name each row once: {key!r} names {rows} rows"
        )


def _documents(index: IndexDefinition) -> str:
    """A query for each row's doc_id and text, or doc_id and embedding for vectors brought along."""
    if index.vector_column is None:
        return f"SELECT {_key(index)} AS doc_id, {index.text()} AS text FROM {index.source}"
    vector = identifier(index.vector_column)
    # What is no float becomes NULL and is refused with its key.
    return (
        f"SELECT {_key(index)} AS doc_id, TRY_CAST({vector} AS FLOAT[]) AS embedding FROM {index.source} "
        f"WHERE {vector} IS NOT NULL"
    )


def _key(index: IndexDefinition) -> str:
    return f"CAST({identifier(index.key_column)} AS VARCHAR)"


def _chunks(documents: pa.RecordBatch, index: IndexDefinition) -> dict[str, Any]:
    """The columns of staged rows. documents: columns doc_id, text; a document without text has no chunks."""
    doc_ids, numbers, texts = [], [], []
    for doc_id, text in zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True):
        for number, chunk in enumerate(chunk_text(text or "", index.chunk_size, index.chunk_overlap)):
            doc_ids.append(doc_id)
            numbers.append(number)
            texts.append(chunk)
    return {
        "doc_id": doc_ids,
        "chunk_id": numbers,
        "chunk_text": texts,
        "content_hash": [hashlib.sha256(text.encode()).hexdigest() for text in texts],
        "embedding": pa.nulls(len(texts), STAGED.field("embedding").type),
    }


def _append(cursor: LakeCursor, rows: pa.Table) -> int:
    cursor.register("staging", rows)
    try:
        cursor.execute("INSERT INTO staged SELECT * FROM staging")
    finally:
        cursor.unregister("staging")
    return int(rows.num_rows)
