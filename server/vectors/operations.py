"""The operations create_index, refresh_index and drop_index."""

import re
from contextlib import AbstractContextManager
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from server.ai.registry import Providers
from server.catalog.datasets import find_dataset
from server.engine.engine import Engine
from server.engine.running import client_gone
from server.errors import AlreadyExists, InvalidArgument
from server.jobs.job import Job
from server.jobs.service import Jobs
from server.operations.registry import Arguments, Caller, Operation
from server.sql.quoting import identifier
from server.sql.schema import schema_of
from server.vectors.building import KIND
from server.vectors.catalog import SQL, IndexCatalog
from server.vectors.definition import BROUGHT_ALONG, IndexDefinition, dataset_name
from server.vectors.metric import Metric

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class CreateIndex(Arguments):
    name: str = Field(description="Name for vector_search and rag: letters, digits and _.")
    dataset: str = Field(description="Dataset whose rows are indexed.")
    key_column: str = Field(description="Column that names each row once.")
    text_columns: list[str] | None = Field(None, min_length=1, description="Columns that make a row's text, in order.")
    vector_column: str | None = Field(None, description="Column of vectors brought along, instead of text.")
    metric: Literal["cosine", "inner_product", "ip", "l2"] = Field("cosine", description="How vectors are compared.")
    index_type: Literal["auto", "exact", "hnsw"] = Field("auto", description="auto: exact up to exact_rows_max chunks.")
    chunk_size: int = Field(800, ge=50, le=100_000, description="Longest chunk in characters.")
    chunk_overlap: int = Field(100, ge=0, description="Characters that neighbouring chunks may share.")
    hnsw_m: int = Field(32, ge=2, le=256, description="HNSW: links of a node.")
    ef_construction: int = Field(80, ge=1, le=10_000, description="HNSW: candidates held while building.")
    ef_search: int = Field(128, ge=1, le=10_000, description="HNSW: candidates held while searching.")
    wait: bool = Field(False, description="Answer only when the index is built.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not NAME.fullmatch(self.name):
            raise ValueError("name is letters, digits and _, at most 63, not starting with a digit")
        if (self.text_columns is None) == (self.vector_column is None):
            raise ValueError("give either text_columns or vector_column")
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError("chunk_overlap is less than chunk_size")
        return self


class IndexName(Arguments):
    name: str = Field(description="Name of the index.")


class RefreshIndex(IndexName):
    wait: bool = Field(False, description="Answer only when the index is built.")


RESULT = schema_of(
    index_name=pa.string(),
    job_id=pa.string(),
    status=pa.string(),
    generation=pa.int32(),
    plan=pa.string(),
    row_count=pa.int64(),
    message=pa.string(),
)
DROPPED = schema_of(
    index_name=pa.string(),
    status=pa.string(),
)


class IndexOperations:
    def __init__(self, engine: Engine, indexes: IndexCatalog, providers: Providers, jobs: Jobs) -> None:
        self._engine = engine
        self._indexes = indexes
        self._providers = providers
        self._jobs = jobs

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "create_index",
                "Index a dataset's text, or vectors brought along, for vector_search and rag, by a background job.",
                CreateIndex,
                RESULT,
                self._create,
            ),
            Operation(
                "refresh_index",
                "Bring an index up to its dataset: only new and changed chunks are embedded.",
                RefreshIndex,
                RESULT,
                self._refresh,
            ),
            Operation("drop_index", "Remove an index, its embeddings and its files.", IndexName, DROPPED, self._drop),
        ]

    def _create(self, caller: Caller, arguments: CreateIndex) -> list[dict[str, Any]]:
        with self._holding(arguments.name):
            self._refuse_existing(arguments.name)
            dataset = find_dataset(self._engine, arguments.dataset).name
            arguments = arguments.model_copy(update={"dataset": dataset})
            self._check_columns(arguments)
            self._indexes.define(self._definition(arguments), caller.principal.name)
            job = self._jobs.submit(KIND, arguments.name, caller.principal.name)
        return self._answer(arguments.name, job, arguments.wait)

    def _refresh(self, caller: Caller, arguments: RefreshIndex) -> list[dict[str, Any]]:
        with self._holding(arguments.name):
            name = self._indexes.find(arguments.name).index_name
            job = self._jobs.submit(KIND, name, caller.principal.name)
        return self._answer(name, job, arguments.wait)

    def _drop(self, caller: Caller, arguments: IndexName) -> list[dict[str, Any]]:
        with self._holding(arguments.name):
            index = self._indexes.find(arguments.name)
            self._jobs.cancel(KIND, index.index_name)
            self._indexes.drop(index, caller.principal.name)
        self._engine.schema_changed()
        return [{"index_name": index.index_name, "status": "dropped"}]

    def _holding(self, name: str) -> AbstractContextManager[None]:
        """One operation at a time on an index: none may begin a job for one that is being dropped."""
        return self._engine.locks.holding(f"index:{name.lower()}")

    def _refuse_existing(self, name: str) -> None:
        """Raise AlreadyExists, but for an index of this very name that failed before anything could be searched."""
        index = self._indexes.get(name)
        if index is None:
            return
        building = any((job.kind, job.subject) == (KIND, index.index_name) for job in self._jobs.running())
        if building or index.index_name != name or self._indexes.recorded(name) is not None:
            raise AlreadyExists(f"index {index.index_name!r} exists: drop it first, or refresh it")

    def _check_columns(self, arguments: CreateIndex) -> None:
        """Raise SqlError naming a column that is not there, InvalidArgument for one that is no vector."""
        names = [arguments.key_column, *(arguments.text_columns or [arguments.vector_column or ""])]
        query = f"SELECT {', '.join(map(identifier, names))} FROM {dataset_name(arguments.dataset)} LIMIT 0"
        types = self._engine.read(lambda cursor: cursor.execute(query).table()).schema.types
        if arguments.vector_column is not None and not _is_vector(types[1]):
            raise InvalidArgument(f"column {arguments.vector_column} is {types[1]}, not a list of numbers")

    def _definition(self, arguments: CreateIndex) -> IndexDefinition:
        by_text = arguments.vector_column is None
        provider = self._providers.embedding
        return IndexDefinition(
            index_name=arguments.name,
            dataset=arguments.dataset,
            key_column=arguments.key_column,
            text_columns=arguments.text_columns,
            vector_column=arguments.vector_column,
            metric=Metric.parse(arguments.metric).value,
            model=provider.model if by_text else BROUGHT_ALONG,
            dimension=provider.dimension if by_text else None,
            index_type=arguments.index_type,
            chunk_size=arguments.chunk_size,
            chunk_overlap=arguments.chunk_overlap,
            hnsw_m=arguments.hnsw_m,
            ef_construction=arguments.ef_construction,
            ef_search=arguments.ef_search,
        )

    def _answer(self, name: str, job: Job, wait: bool) -> list[dict[str, Any]]:
        message = job.result(client_gone.get()) if wait else None
        table = self._engine.read(lambda cursor: cursor.execute(SQL["shown"], [name]).table())
        shown = table.to_pylist()[0] if table.num_rows else {}
        fields = ("status", "generation", "plan", "row_count")
        return [{"index_name": name, "job_id": job.id, "message": message} | {f: shown.get(f) for f in fields}]


def _is_vector(column: Any) -> bool:
    """column: an Arrow type."""
    is_list = pa.types.is_list(column) or pa.types.is_large_list(column) or pa.types.is_fixed_size_list(column)
    number = column.value_type if is_list else column
    is_number = pa.types.is_floating(number) or pa.types.is_integer(number) or pa.types.is_decimal(number)
    return is_list and is_number
