"""Read a dataset at one snapshot and cut it into chunks, in a temporary table that may spill to disk."""

import hashlib
from collections.abc import Iterator

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import InvalidArgument, Unavailable
from server.jobs.job import Job
from server.sql.quoting import identifier
from server.sql.schema import schema_of
from server.vectors.catalog import SQL
from server.vectors.chunking import chunk_text
from server.vectors.definition import IndexDefinition

DOCUMENTS_READ = 2000
STAGED = schema_of(
    doc_id=pa.string(),
    chunk_id=pa.int32(),
    chunk_text=pa.string(),
    content_hash=pa.string(),
)


def check_source(cursor: LakeCursor, index: IndexDefinition) -> None:
    """Raise InvalidArgument unless the key column names each row once; SqlError for a missing dataset or column."""
    key = identifier(index.key_column)
    total, keyed, distinct = cursor.rows(f"SELECT count(*), count({key}), count(DISTINCT {key}) FROM {index.source}")[0]
    if keyed < total:
        raise InvalidArgument(f"key column {index.key_column} of {index.dataset} is NULL in {total - keyed} rows")
    if distinct < keyed:
        raise InvalidArgument(
            f"key column {index.key_column} of {index.dataset} holds {keyed - distinct} repeated values: "
            "a key names one row"
        )


def stage(engine: Engine, cursor: LakeCursor, index: IndexDefinition, snapshot: int, job: Job) -> None:
    """Fill the cursor's temporary table `staged` with the chunks of every document at the snapshot."""
    cursor.execute(SQL["stage"])
    source = f"{index.source} AT (VERSION => {snapshot:d})"
    key = f"CAST({identifier(index.key_column)} AS VARCHAR)"
    if index.vector_column is not None:
        vector = identifier(index.vector_column)
        cursor.execute(
            f"INSERT INTO staged SELECT {key}, 0, NULL, md5(CAST({vector} AS VARCHAR)) "
            f"FROM {source} WHERE {vector} IS NOT NULL"
        )
        return
    reading = engine.cursor(cursor.context.principal)
    try:
        reader = reading.execute(f"SELECT {key} AS doc_id, {index.text()} AS text FROM {source}").reader(DOCUMENTS_READ)
        for batch in reader:
            job.check()
            append(cursor, chunks(batch, index))
    finally:
        reading.close()


def chunks(documents: pa.RecordBatch, index: IndexDefinition) -> pa.RecordBatch:
    """documents: columns doc_id, text. Returns STAGED rows; a document without text has none."""
    return pa.RecordBatch.from_pylist(list(_chunks(documents, index)), STAGED)


def _chunks(documents: pa.RecordBatch, index: IndexDefinition) -> Iterator[dict[str, object]]:
    for doc_id, text in zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True):
        for number, chunk in enumerate(chunk_text(text or "", index.chunk_size, index.chunk_overlap)):
            digest = hashlib.sha256(chunk.encode()).hexdigest()
            yield {"doc_id": doc_id, "chunk_id": number, "chunk_text": chunk, "content_hash": digest}


def append(cursor: LakeCursor, batch: pa.RecordBatch) -> None:
    cursor.register("staging", pa.Table.from_batches([batch]))
    try:
        cursor.execute("INSERT INTO staged SELECT * FROM staging")
    finally:
        cursor.unregister("staging")


def current_snapshot(cursor: LakeCursor) -> int:
    rows = cursor.rows(SQL["snapshot"])
    if not rows:
        raise Unavailable("the lake has no snapshot")
    return int(rows[0][0])
