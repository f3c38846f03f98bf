"""The job that builds an index: stage, embed what is missing, drop what is obsolete, write a generation, serve it."""

import time
from collections.abc import Callable, Iterator
from typing import Literal

import pyarrow as pa

from server.ai.providers import never
from server.ai.registry import Providers
from server.catalog.datasets import find_dataset
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import Cancelled, NotFound
from server.jobs.job import Job
from server.vectors.catalog import SQL, IndexCatalog, Recorded
from server.vectors.definition import IndexDefinition
from server.vectors.embedding import add_brought, add_known, embed_missing, find_missing
from server.vectors.generation_build import GenerationSpec, build
from server.vectors.generation_files import generation_folder, remove_generation
from server.vectors.metric import Metric
from server.vectors.reading import batches
from server.vectors.staging import stage

KIND = "build_index"
READ_ROWS = 8192


class IndexBuilder:
    """One job at a time may build an index; who drops one ends its job first."""

    def __init__(self, engine: Engine, indexes: IndexCatalog, providers: Providers) -> None:
        self._engine = engine
        self._indexes = indexes
        self._providers = providers

    def work(self, job: Job) -> str:
        """Bring the index named by job.subject up to the dataset as it is now; the message of success."""
        index = self._indexes.find(job.subject)
        cursor = self._engine.cursor(SERVER)
        try:
            self._restore(cursor, index, job)
            find_dataset(self._engine, index.dataset)
            staged = stage(self._engine, cursor, index, job)
            index = self._indexes.with_dimension(index, staged.dimension)
            self._embed(cursor, index, staged.chunks, job)
            self._drop_obsolete(cursor, index)
            return self._generation(cursor, index, staged.snapshot, job.must_stop)
        finally:
            cursor.close()

    def _restore(self, cursor: LakeCursor, index: IndexDefinition, job: Job) -> None:
        """Make a generation whose files are lost again, out of the embeddings in the lake: search works again soon,
        even if the dataset or the model is gone."""
        recorded = self._indexes.recorded(index.index_name)
        if recorded is not None and index.index_name not in self._indexes.serving.names():
            self._generation(cursor, index, recorded.source_snapshot, job.must_stop)

    def regenerate(self, index: IndexDefinition, must_stop: Callable[[], bool] = never) -> None:
        """Replace the generation that serves by one of the embeddings as they are now, or an empty one if their table
        is gone; no dataset and no model is asked. No job may build the index meanwhile.

        Raises Cancelled, NotFound for an index without a generation, and what `build` raises.
        """
        recorded = self._indexes.recorded(index.index_name)
        if recorded is None:
            raise NotFound(f"index {index.index_name!r} has no generation to replace")
        cursor = self._engine.cursor(SERVER)
        try:
            self._make_table(cursor, index)
            self._generation(cursor, index, recorded.source_snapshot, must_stop)
        finally:
            cursor.close()

    def _make_table(self, cursor: LakeCursor, index: IndexDefinition) -> None:
        create = SQL["create_embeddings"].format(embeddings=index.embeddings)
        commit_on(cursor, SERVER, f"table of index {index.index_name}", lambda c: c.execute(create))

    def _embed(self, cursor: LakeCursor, index: IndexDefinition, chunks: int, job: Job) -> None:
        """Give every staged chunk its vector. Progress counts those that have one already."""
        self._make_table(cursor, index)
        missing = find_missing(cursor, index)
        job.done, job.total = chunks - missing, chunks
        if missing and index.vector_column is not None:
            add_brought(cursor, index)
            job.done = chunks
        elif missing:
            missing = add_known(cursor, index)
            job.done = chunks - missing
            if missing:
                embed_missing(self._engine, cursor, index, self._providers.for_model(index.model), job)

    def _drop_obsolete(self, cursor: LakeCursor, index: IndexDefinition) -> None:
        """Delete embeddings whose chunk is gone or changed."""
        values = {"model": index.model}
        obsolete = cursor.execute(SQL["obsolete_count"].format(embeddings=index.embeddings), values).table()
        if obsolete.column(0)[0].as_py():
            delete = SQL["delete_obsolete"].format(embeddings=index.embeddings)
            message = f"obsolete embeddings of index {index.index_name}"
            commit_on(cursor, SERVER, message, lambda c: c.execute(delete, values))

    def _generation(
        self, cursor: LakeCursor, index: IndexDefinition, snapshot: int, must_stop: Callable[[], bool]
    ) -> str:
        """Write, record and serve a generation of all embeddings."""
        name, number = index.index_name, self._indexes.next_generation(index.index_name)
        folder = generation_folder(self._indexes.root, name, number)
        if folder.exists():  # finished by a try that could not record it
            remove_generation(folder)
        rows, documents = cursor.rows(SQL["counted"].format(embeddings=index.embeddings))[0]
        spec = GenerationSpec(
            index_name=name,
            generation=number,
            model=index.model,
            dimension=index.dimension or 1,  # without a vector there is no dimension yet
            metric=Metric.parse(index.metric),
            kind=_kind(index.index_type, rows, self._engine.settings.exact_rows_max),
            m=index.hnsw_m,
            ef_construction=index.ef_construction,
        )
        started = time.perf_counter()
        manifest = build(self._indexes.root, spec, _vectors(cursor, index), lambda _: None, must_stop)
        if must_stop():
            raise Cancelled(f"building index {name!r} was cancelled")
        took_s = time.perf_counter() - started
        file_bytes = sum(file.stat().st_size for file in folder.iterdir())
        values = [name, number, spec.kind, index.model, index.metric, spec.dimension, manifest.rows]
        values += [documents, file_bytes, snapshot, took_s]
        commit_on(
            cursor, SERVER, f"generation {number} of index {name}", lambda c: c.execute(SQL["generation"], values)
        )
        self._indexes.serve(name, Recorded(number, snapshot))
        return f"generation {number}: {manifest.rows} chunks of {documents} documents, {spec.kind}"


def _vectors(cursor: LakeCursor, index: IndexDefinition) -> Iterator[pa.RecordBatch]:
    return batches(cursor, SQL["vectors"].format(embeddings=index.embeddings), READ_ROWS)


def _kind(index_type: str, rows: int, exact_rows_max: int) -> Literal["exact", "hnsw"]:
    """auto: exact while a scan is quick, a graph above."""
    if index_type == "exact" or (index_type == "auto" and rows <= exact_rows_max):
        return "exact"
    return "hnsw"
