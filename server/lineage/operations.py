"""The operations export_lineage and impact."""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pydantic import Field

from server.catalog.datasets import find_dataset
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import NotFound
from server.lineage.graph import Dependent, dependents_of_column
from server.lineage.openlineage import Columns, Shown, events
from server.lineage.recording import SQL
from server.operations.registry import Arguments, Caller, Operation
from server.sql.quoting import qualified
from server.sql.schema import schema_of


class ExportLineage(Arguments):
    dataset: str | None = Field(None, description="Only what this dataset was made from; NULL for all datasets.")


class Impact(Arguments):
    dataset: str = Field(description="Dataset, view included, that is to be changed or dropped.")
    column_name: str | None = Field(None, description="Only what depends on this column.")


EVENTS = schema_of(
    dataset=pa.string(),
    event=pa.string(),
)
DEPENDENTS = schema_of(
    dataset=pa.string(),
    column_name=pa.string(),
    kind=pa.string(),
    transformation=pa.string(),
    effect=pa.string(),
)


class LineageOperations:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "export_lineage",
                "What each dataset was made from, as OpenLineage events with the columnLineage facet.",
                ExportLineage,
                EVENTS,
                self._export,
            ),
            Operation(
                "impact",
                "What depends on a dataset or column: what breaks when it is dropped or renamed, what has copies.",
                Impact,
                DEPENDENTS,
                self._impact,
            ),
        ]

    def _export(self, caller: Caller, arguments: ExportLineage) -> Iterator[dict[str, Any]]:
        dataset = find_dataset(self._engine, arguments.dataset).name if arguments.dataset is not None else None

        def read(cursor: LakeCursor) -> tuple[list[Shown], Columns]:
            columns: dict[str, list[tuple[str, str]]] = {}
            for name, column, data_type in cursor.rows(SQL["columns"]):
                columns.setdefault(str(name), []).append((str(column), str(data_type)))
            return [Shown(*row) for row in cursor.rows(SQL["exported"], {"dataset": dataset})], columns

        for target, event in events(*self._engine.read(read)):
            yield {"dataset": target, "event": json.dumps(event, ensure_ascii=False)}

    def _impact(self, caller: Caller, arguments: Impact) -> Iterator[dict[str, Any]]:
        dataset = find_dataset(self._engine, arguments.dataset)
        if arguments.column_name is not None:
            source = f"SELECT * FROM {qualified('lakehouse', dataset.schema, dataset.table)} LIMIT 0"
            names = self._engine.read(lambda cursor: cursor.execute(source).table()).column_names
            if arguments.column_name.lower() not in {name.lower() for name in names}:
                raise NotFound(f"{dataset.name} has no column {arguments.column_name!r}: it has {', '.join(names)}")
        found = self._engine.read(lambda cursor: dependents_of_column(cursor, dataset.name, arguments.column_name))
        for dependent in found:
            yield {
                "dataset": dependent.dataset,
                "column_name": dependent.column,
                "kind": dependent.kind,
                "transformation": dependent.transformation,
                "effect": _effect(dependent),
            }


def _effect(dependent: Dependent) -> str:
    """Views and indexes read what they depend on each time; a table has rows of its own."""
    if not dependent.reads:
        return "keeps its rows"
    return "can't be refreshed" if dependent.kind == "index" else "breaks"
