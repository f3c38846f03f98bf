"""Building a generation: rows stream to disk once, then the index is made from that file.

Memory: one copy of the vectors, inside the index. The vectors are spooled to a file in the unfinished folder first:
wrong rows are then refused before the long part begins, the index knows its size and never regrows by copying itself,
and the slices it is fed do not depend on the batches that came in.
"""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from server.errors import AlreadyExists, Cancelled, Conflict, DimensionMismatch, InvalidArgument
from server.vectors.generation_files import (
    CHUNKS_FILE,
    CHUNKS_SCHEMA,
    FORMAT,
    INDEX_FILE,
    GenerationManifest,
    HnswParameters,
    Kind,
    file_record,
    generation_folder,
    sync,
    unfinished_folder,
    write_manifest,
)
from server.vectors.metric import Metric, prepare

CHUNK_BATCH_ROWS = 8192  # rows of a batch in chunks.arrow
ADD_ROWS = 1024  # rows added to the index at once, for each thread: half a second of HNSW at 384 dimensions
_SPOOL_FILE = "vectors.f32"
BUILD_NICENESS = 10  # of 19; measured beside a build on 2 cores: a search of 11.5 ms takes 12.0 ms, 19 ms without this


@dataclass(frozen=True)
class GenerationSpec:
    """What to build. m and ef_construction are used by kind 'hnsw'; see HnswParameters."""

    index_name: str
    generation: int
    model: str
    dimension: int
    metric: Metric
    kind: Kind
    m: int = 32
    ef_construction: int = 80


def build(
    root: Path,
    spec: GenerationSpec,
    batches: Iterable[pa.RecordBatch],
    progress: Callable[[int], None],
    cancelled: Callable[[], bool],
    *,
    threads: int | None = None,
) -> GenerationManifest:
    """Write one generation under `root` and return its manifest; its folder appears whole or not at all.

    batches: columns doc_id (any type that casts to text), chunk_id (integer), chunk_text (text or NULL), embedding
    (list or fixed-size list of numbers). progress(rows) is told how many rows are indexed; it and cancelled() are
    called in the caller's thread, at most a few seconds apart. threads: for indexing; None for all cores.
    Raises DimensionMismatch, InvalidArgument for rows that cannot be indexed, AlreadyExists, Conflict if another
    build of this generation has not ended, Cancelled. Whatever it raises, the unfinished folder is removed.
    """
    _check_spec(spec)
    with _new_folder(generation_folder(root, spec.index_name, spec.generation)) as folder:
        rows = _spool(folder, spec, batches, cancelled)
        _write_index(folder, spec, rows, progress, cancelled, threads or os.cpu_count() or 1)
        (folder / _SPOOL_FILE).unlink()
        manifest = GenerationManifest(
            format=FORMAT,
            index_name=spec.index_name,
            generation=spec.generation,
            model=spec.model,
            dimension=spec.dimension,
            metric=spec.metric,
            kind=spec.kind,
            hnsw=HnswParameters(m=spec.m, ef_construction=spec.ef_construction) if spec.kind == "hnsw" else None,
            rows=rows,
            files={name: file_record(folder / name) for name in (INDEX_FILE, CHUNKS_FILE)},
            created_at=datetime.now(UTC),
        )
        write_manifest(folder, manifest)
    return manifest


def _check_spec(spec: GenerationSpec) -> None:
    # FAISS accepts these and crashes or loses rows later.
    if spec.dimension < 1 or spec.m < 2 or spec.ef_construction < 1:
        raise InvalidArgument(
            f"dimension is {spec.dimension} (1 or more), m is {spec.m} (2 or more), "
            f"ef_construction is {spec.ef_construction} (1 or more)"
        )


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give an unfinished folder that becomes `folder` if the block succeeds and is removed if not."""
    if folder.exists():
        raise AlreadyExists(f"{folder} exists: a generation is never written twice")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = unfinished_folder(folder)
    try:
        unfinished.mkdir()
    except FileExistsError:
        raise Conflict(f"{unfinished} exists: another build of this generation is running") from None
    try:
        yield unfinished
        sync(unfinished)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync(folder.parent)


def _spool(folder: Path, spec: GenerationSpec, batches: Iterable[pa.RecordBatch], cancelled: Callable[[], bool]) -> int:
    """Write chunks.arrow and the prepared vectors, row after row; return how many rows there are."""
    rows = 0
    chunks = folder / CHUNKS_FILE
    with (
        (folder / _SPOOL_FILE).open("wb") as vectors,
        pa.OSFile(str(chunks), "wb") as sink,
        pa.ipc.new_file(sink, CHUNKS_SCHEMA) as writer,
    ):
        for batch in _regrouped(_spooled_vectors(batches, spec, vectors, cancelled)):
            writer.write_batch(batch)
            rows += batch.num_rows
    sync(chunks)
    return rows


def _spooled_vectors(
    batches: Iterable[pa.RecordBatch], spec: GenerationSpec, vectors: BinaryIO, cancelled: Callable[[], bool]
) -> Iterator[pa.RecordBatch]:
    """Write the vectors of each batch and pass its other columns on, as CHUNKS_SCHEMA."""
    first_row = 0
    for batch in batches:
        _stop_if(cancelled, spec)
        chunks = _chunk_columns(batch, first_row)
        matrix = _matrix(batch.column("embedding"), spec, first_row)
        vectors.write(prepare(matrix, spec.metric, first_row=first_row).data)
        first_row += batch.num_rows
        yield chunks


def _chunk_columns(batch: pa.RecordBatch, first_row: int) -> pa.RecordBatch:
    missing = {"doc_id", "chunk_id", "chunk_text", "embedding"} - set(batch.schema.names)
    if missing:
        raise InvalidArgument(f"rows to index lack the columns {', '.join(sorted(missing))}")
    columns = []
    for field in CHUNKS_SCHEMA:
        try:
            column = batch.column(field.name).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InvalidArgument(f"{field.name} cannot be kept as {field.type}: {error}") from None
        if column.null_count and not field.nullable:
            raise InvalidArgument(f"{field.name} is NULL in row {first_row + _first(column.is_null())}")
        columns.append(column)
    return pa.record_batch(columns, schema=CHUNKS_SCHEMA)


def _matrix(column: Any, spec: GenerationSpec, first_row: int) -> NDArray[np.float32]:
    """Return a list column as (rows, dimension) float32. Raises DimensionMismatch or InvalidArgument, with the row."""
    if not (
        pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type)
    ):
        raise InvalidArgument(f"embedding is {column.type}, not a list of numbers")
    if column.null_count:
        raise InvalidArgument(f"embedding is NULL in row {first_row + _first(column.is_null())}")
    lengths = pc.list_value_length(column)
    wrong = pc.not_equal(lengths, pa.scalar(spec.dimension))
    if pc.any(wrong).as_py():
        row = _first(wrong)
        raise DimensionMismatch(
            f"index {spec.index_name!r} holds vectors of {spec.dimension} dimensions, row {first_row + row} has "
            f"{lengths[row].as_py()}: embed it with {spec.model!r}, or create the index anew"
        )
    values = column.flatten()
    if values.null_count:
        raise InvalidArgument(f"embedding holds NULL in row {first_row + _first(values.is_null()) // spec.dimension}")
    try:
        numbers = values.cast(pa.float32(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InvalidArgument(f"embedding is {column.type}, not a list of numbers") from None
    matrix: NDArray[np.float32] = numbers.to_numpy().reshape(-1, spec.dimension)
    return matrix


def _first(flags: Any) -> int:
    return int(pc.index(flags, True).as_py())


def _regrouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Join and cut batches to CHUNK_BATCH_ROWS, so that opening the file does not depend on who wrote it."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        for start in range(0, batch.num_rows, CHUNK_BATCH_ROWS):
            waiting.append(batch.slice(start, CHUNK_BATCH_ROWS))
            if sum(part.num_rows for part in waiting) >= CHUNK_BATCH_ROWS:
                yield _joined(waiting)
                waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _write_index(
    folder: Path,
    spec: GenerationSpec,
    rows: int,
    progress: Callable[[int], None],
    cancelled: Callable[[], bool],
    threads: int,
) -> None:
    """Make the index from the spooled vectors and force it to disk."""
    index = _empty_index(spec, rows)
    spool = folder / _SPOOL_FILE
    with ThreadPoolExecutor(max_workers=1, initializer=_become_builder, initargs=(threads,)) as builder:
        for start in range(0, rows, ADD_ROWS * threads):
            _stop_if(cancelled, spec)
            count = min(ADD_ROWS * threads, rows - start)
            # Mapped anew for each slice: what was added is unmapped, so there is never a second copy.
            vectors = np.memmap(spool, np.float32, "r", start * spec.dimension * 4, (count, spec.dimension))
            builder.submit(index.add, vectors).result()
            progress(start + count)
    path = folder / INDEX_FILE
    faiss.write_index(index, str(path))
    sync(path)


def _empty_index(spec: GenerationSpec, rows: int) -> Any:
    """Return an index with room for the vectors of `rows` rows."""
    if spec.kind == "exact":
        index: Any = faiss.IndexFlat(spec.dimension, spec.metric.faiss_metric)
        flat: Any = index
    else:
        index = faiss.IndexHNSWFlat(spec.dimension, spec.m, spec.metric.faiss_metric)
        index.hnsw.efConstruction = spec.ef_construction
        flat = faiss.downcast_index(index.storage)
    # The first add shrinks the vector to what it adds, and a C++ vector keeps its capacity.
    flat.codes.resize(rows * spec.dimension * 4)
    return index


def _become_builder(threads: int) -> None:
    """Prepare the thread that adds to the index; its settings end with it.

    OpenMP keeps the number of threads per calling thread, so no search sees it. On Linux priority belongs to a thread
    too and OpenMP's workers inherit it: searches go first where cores are short.
    """
    faiss.omp_set_num_threads(threads)
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BUILD_NICENESS)


def _stop_if(cancelled: Callable[[], bool], spec: GenerationSpec) -> None:
    if cancelled():
        raise Cancelled(f"building generation {spec.generation} of index {spec.index_name!r} was cancelled")
