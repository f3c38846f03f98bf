"""The operation set_metadata: what people say about a dataset and its columns."""

import json
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from server.catalog.datasets import SQL as DATASETS
from server.catalog.datasets import Dataset, find_dataset
from server.catalog.facts import SQL
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import InvalidArgument, NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.operations.texts import Line, Lines
from server.sql.quoting import identifier, literal, qualified
from server.sql.schema import schema_of

TEXT_CHARS_MAX = 10_000
EVERY_S_MAX = 10 * 365 * 86_400.0

Sensitivity = Literal["public", "internal", "confidential", "restricted"]
OWN_ARGUMENTS = ("owner", "tags", "sensitivity", "expected_every_s")


class SetMetadata(Arguments):
    """What is not given stays as it is; what is given as NULL is removed."""

    dataset: str = Field(description="Dataset to describe.")
    column_name: str | None = Field(None, description="Describe this column instead of the dataset.")
    description: Lines | None = Field(
        None, max_length=TEXT_CHARS_MAX, description="What it holds; it becomes its SQL comment."
    )
    owner: Line | None = Field(None, max_length=200, description="Who answers for the dataset.")
    tags: list[Line] | None = Field(None, max_length=100, description="Tags; the list replaces the one before.")
    sensitivity: Sensitivity | None = Field(
        None, description="How far it may go; its columns' too, unless they differ."
    )
    expected_every_s: float | None = Field(
        None,
        gt=0,
        le=EVERY_S_MAX,
        allow_inf_nan=False,
        description="Its rows are to change at least this often, seconds.",
    )
    metadata: dict[Line, Lines | None] = Field({}, description="Keys of your own; NULL removes one.")

    @property
    def given(self) -> frozenset[str]:
        """Names of the arguments that set something."""
        empty = set() if self.metadata else {"metadata"}
        return frozenset(self.model_fields_set - {"dataset", "column_name"} - empty)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.given:
            raise ValueError(f"nothing to set: give description, {', '.join(OWN_ARGUMENTS)} or metadata")
        if self.column_name is not None and self.given != {"description"}:
            raise ValueError("a column has a description only")
        if own := sorted(set(OWN_ARGUMENTS) & set(self.metadata)):
            raise ValueError(f"{' and '.join(own)}: {', '.join(OWN_ARGUMENTS)} are arguments of their own")
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
            "Set description, owner, tags, sensitivity, expected freshness and keys of your own on a dataset, or a "
            "column's description.",
            SetMetadata,
            RESULT,
            self.run,
        )

    def run(self, caller: Caller, arguments: SetMetadata) -> list[dict[str, Any]]:
        """Raises NotFound, InvalidArgument for what a view can't have."""
        dataset = find_dataset(self._engine, arguments.dataset)
        if arguments.column_name is not None:
            check_column(self._engine, dataset, arguments.column_name)
        if dataset.kind == "view" and arguments.expected_every_s is not None:
            raise InvalidArgument(f"{dataset.name} is a view: say of the tables that it reads how often they change")
        events = _events(arguments)
        actor = caller.principal.name

        def work(cursor: LakeCursor) -> None:
            if "description" in arguments.given:
                cursor.execute(comment(dataset, arguments.column_name, arguments.description))
            if events:
                _record(cursor, dataset, events, actor)

        with self._engine.locks.holding(f"{dataset.schema}.{dataset.table}".lower()):
            self._engine.commit(actor, f"metadata of {dataset.name}", work)
        shown = {"description": arguments.description} if "description" in arguments.given else {}
        return [{"dataset": dataset.name, "key": key, "value": value} for key, value in (shown | events).items()]


def check_column(engine: Engine, dataset: Dataset, column: str) -> None:
    """DuckLake answers a comment on an unknown column with an internal error, which would end the process."""
    if dataset.kind == "view":
        raise InvalidArgument(f"{dataset.name} is a view: only columns of tables have descriptions")
    names = [str(row[0]) for row in engine.read(lambda c: c.rows(DATASETS["column_types"], [dataset.name]))]
    if column.lower() not in {name.lower() for name in names}:
        raise NotFound(f"{dataset.name} has no column {column!r}: it has {', '.join(names)}")


def comment(dataset: Dataset, column: str | None, description: str | None) -> str:
    """The statement that sets the SQL comment of a dataset, or of a column of it; None removes it."""
    name = qualified("lakehouse", dataset.schema, dataset.table)
    text = "NULL" if description is None else literal(description)
    if column is not None:
        return f"COMMENT ON COLUMN {name}.{identifier(column)} IS {text}"
    return f"COMMENT ON {dataset.kind.upper()} {name} IS {text}"


def _record(cursor: LakeCursor, dataset: Dataset, events: dict[str, str | None], actor: str) -> None:
    rows = cursor.rows(SQL["object_id"], [dataset.name])
    values = {"keys": list(events), "values": list(events.values()), "object_id": rows[0][0] if rows else None}
    cursor.execute(SQL["set_metadata"], {"dataset": dataset.name, "actor": actor, **values})


def _events(arguments: SetMetadata) -> dict[str, str | None]:
    """Each key with its new value as text; None where it is removed."""
    events: dict[str, str | None] = dict(arguments.metadata)
    for name in OWN_ARGUMENTS:
        if name in arguments.given:
            value = getattr(arguments, name)
            events[name] = value if value is None or isinstance(value, str) else json.dumps(value)
    return events
