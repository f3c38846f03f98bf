"""The operation set_metadata: what people say about a dataset and its columns."""

import json
from typing import Any, Self

import pyarrow as pa
from pydantic import Field, model_validator

from server.catalog.datasets import SQL, Dataset, find_dataset
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import InvalidArgument, NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.operations.texts import Line, Lines
from server.sql.quoting import identifier, literal, qualified
from server.sql.schema import schema_of

TEXT_CHARS_MAX = 10_000


class SetMetadata(Arguments):
    dataset: str = Field(description="Dataset to describe.")
    column: str | None = Field(None, description="Describe this column instead of the dataset.")
    description: Lines | None = Field(
        None, max_length=TEXT_CHARS_MAX, description="What it holds; it becomes its SQL comment."
    )
    owner: Line | None = Field(None, max_length=200, description="Who answers for the dataset.")
    tags: list[Line] | None = Field(None, max_length=100, description="Tags; the list replaces the one before.")
    metadata: dict[Line, Lines | None] = Field({}, description="Keys of your own; NULL removes one.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        others = self.owner is not None or self.tags is not None or bool(self.metadata)
        if self.description is None and not others:
            raise ValueError("nothing to set: give description, owner, tags or metadata")
        if self.column is not None and others:
            raise ValueError("a column has a description only")
        if {"owner", "tags"} & set(self.metadata):
            raise ValueError("owner and tags are arguments of their own")
        return self


RESULT = schema_of(
    dataset=pa.string(),
    key=pa.string(),
    value=pa.string(),
)


class Metadata:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def operation(self) -> Operation[SetMetadata]:
        return Operation(
            "set_metadata",
            "Set description, owner, tags and keys of your own on a dataset, or a column's description.",
            SetMetadata,
            RESULT,
            self.run,
        )

    def run(self, caller: Caller, arguments: SetMetadata) -> list[dict[str, Any]]:
        dataset = find_dataset(self._engine, arguments.dataset)
        if arguments.column is not None:
            self._check_column(dataset, arguments.column)
        events = _events(arguments)
        actor = caller.principal.name

        def work(cursor: LakeCursor) -> None:
            if arguments.description is not None:
                cursor.execute(_comment(arguments, dataset))
            for key, value in events.items():
                cursor.execute(SQL["set_metadata"], [dataset.name, key, value, actor])

        with self._engine.locks.holding(f"{dataset.schema}.{dataset.table}".lower()):
            self._engine.commit(actor, f"metadata of {dataset.name}", work)
        shown = {} if arguments.description is None else {"description": arguments.description}
        return [{"dataset": dataset.name, "key": key, "value": value} for key, value in (shown | events).items()]

    def _check_column(self, dataset: Dataset, column: str) -> None:
        """DuckLake answers a comment on an unknown column with an internal error, which would end the process."""
        if dataset.kind == "view":
            raise InvalidArgument(f"{dataset.name} is a view: only columns of tables have descriptions")
        names = [str(row[0]) for row in self._engine.read(lambda c: c.rows(SQL["column_types"], [dataset.name]))]
        if column.lower() not in {name.lower() for name in names}:
            raise NotFound(f"{dataset.name} has no column {column!r}: it has {', '.join(names)}")


def _comment(arguments: SetMetadata, dataset: Dataset) -> str:
    name = qualified("lakehouse", dataset.schema, dataset.table)
    text = literal(arguments.description or "")
    if arguments.column is not None:
        return f"COMMENT ON COLUMN {name}.{identifier(arguments.column)} IS {text}"
    return f"COMMENT ON {dataset.kind.upper()} {name} IS {text}"


def _events(arguments: SetMetadata) -> dict[str, str | None]:
    events: dict[str, str | None] = dict(arguments.metadata)
    if arguments.owner is not None:
        events["owner"] = arguments.owner
    if arguments.tags is not None:
        events["tags"] = json.dumps(arguments.tags)
    return events
