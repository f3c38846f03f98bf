"""The job that builds an index: stage, embed what is missing, drop what is obsolete, write a generation, serve it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import pyarrow as pa

from server.ai.registry import Providers
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.jobs.job import Job
from server.vectors.catalog import SQL, IndexCatalog
from server.vectors.definition import IndexDefinition
from server.vectors.embedding import copy_vectors, embed_missing, missing_count
from server.vectors.generation_build import GenerationSpec, build
from server.vectors.generation_files import generation_folder
from server.vectors.metric import Metric
from server.vectors.staging import check_source, current_snapshot, stage

KIND = "build_index"
READ_ROWS = 8192


class IndexBuilder:
    def __init__(self, engine: Engine, indexes: IndexCatalog, providers: Providers) -> None:
        self._engine = engine
        self._indexes = indexes
        self._providers = providers

    def work(self, job: Job) -> str:
        """Bring the index named by job.subject up to the dataset as it is now; the message of success."""
        index = self._indexes.find(job.subject)
        cursor = self._engine.cursor(SERVER)
        try:
            check_source(cursor, index)
            snapshot = current_snapshot(cursor)
            stage(self._engine, cursor, index, snapshot, job)
            self._engine.commit(SERVER, f"table of index {index.index_name}", lambda c: _create(c, index))
            job.done, job.total = 0, missing_count(cursor, index)
            if index.vector_column is not None:
                copy_vectors(self._engine, cursor, index, snapshot, job)
            elif job.total:
                embed_missing(self._engine, cursor, index, self._providers.for_model(index.model), job)
            self._drop_obsolete(cursor, index)
            index = self._with_dimension(cursor, index)
            return self._generation(cursor, index, snapshot, job)
        finally:
            cursor.close()

    def _drop_obsolete(self, cursor: LakeCursor, index: IndexDefinition) -> None:
        """Delete embeddings whose chunk is gone, under the table's lock: a DELETE conflicts with every other write."""
        values = {"model": index.model}
        count = cursor.execute(SQL["obsolete_count"].format(embeddings=index.embeddings), values).table()
        if count.column(0)[0].as_py() == 0:
            return
        staged = cursor.execute("SELECT doc_id, chunk_id, content_hash FROM staged").table()

        def delete(commit: LakeCursor) -> None:
            commit.register("staged", staged)
            try:
                commit.execute(SQL["delete_obsolete"].format(embeddings=index.embeddings), values)
            finally:
                commit.unregister("staged")

        with self._engine.locks.holding(f"vectors.{index.index_name}"):
            self._engine.commit(SERVER, f"obsolete embeddings of index {index.index_name}", delete)

    def _with_dimension(self, cursor: LakeCursor, index: IndexDefinition) -> IndexDefinition:
        if index.dimension is not None:
            return index
        found = cursor.rows(f"SELECT len(embedding) FROM {index.embeddings} LIMIT 1")
        if not found:
            return replace(index, dimension=1)  # an index without rows has no dimension yet
        index = replace(index, dimension=int(found[0][0]))
        self._indexes.define(index, SERVER)
        return index

    def _generation(self, cursor: LakeCursor, index: IndexDefinition, snapshot: int, job: Job) -> str:
        number = self._indexes.next_generation(index.index_name)
        self._indexes.discard_unrecorded(index.index_name, number)
        rows = int(cursor.rows(f"SELECT count(*) FROM {index.embeddings}")[0][0])
        documents = int(cursor.rows(SQL["staged_documents"])[0][0])
        spec = GenerationSpec(
            index_name=index.index_name,
            generation=number,
            model=index.model,
            dimension=index.dimension or 1,
            metric=Metric.parse(index.metric),
            kind=_kind(index.index_type, rows, self._engine.settings.exact_rows_max),
            m=index.hnsw_m,
            ef_construction=index.ef_construction,
        )
        started = time.perf_counter()
        manifest = build(self._indexes.root, spec, self._rows(index, job), lambda _: None, job.must_stop)
        job.check()
        took = time.perf_counter() - started
        folder = generation_folder(self._indexes.root, index.index_name, number)
        file_bytes = sum(file.stat().st_size for file in folder.iterdir())
        values = [index.index_name, number, spec.kind, index.model, index.metric, spec.dimension, manifest.rows]
        values += [documents, file_bytes, snapshot, took]
        self._engine.commit(
            SERVER, f"generation {number} of index {index.index_name}", lambda c: c.execute(SQL["generation"], values)
        )
        self._indexes.serve(index.index_name, number)
        return f"generation {number}: {manifest.rows} chunks of {documents} documents, {spec.kind}"

    def _rows(self, index: IndexDefinition, job: Job) -> Iterator[pa.RecordBatch]:
        cursor = self._engine.cursor(SERVER)
        try:
            query = f"SELECT doc_id, chunk_id, chunk_text, embedding FROM {index.embeddings} ORDER BY doc_id, chunk_id"
            for batch in cursor.execute(query).reader(READ_ROWS):
                job.check()
                yield batch
        finally:
            cursor.close()


def _create(cursor: LakeCursor, index: IndexDefinition) -> None:
    cursor.execute(SQL["create_embeddings"].format(embeddings=index.embeddings))


def _kind(index_type: str, rows: int, exact_rows_max: int) -> Literal["exact", "hnsw"]:
    """auto: exact while a scan is quick, a graph above."""
    if index_type == "exact" or (index_type == "auto" and rows <= exact_rows_max):
        return "exact"
    return "hnsw"
