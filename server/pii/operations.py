"""The operations detect_pii and set_column: look for personal data on demand, and say what a column is."""

from typing import Any, Self

import pyarrow as pa
from pydantic import Field, model_validator

from server.catalog.datasets import Dataset, find_dataset
from server.catalog.metadata import TEXT_CHARS_MAX, check_column, comment
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.location import LAKE
from server.errors import InvalidArgument, NotFound, SqlError
from server.operations.registry import Arguments, Caller, Operation
from server.operations.texts import Lines
from server.pii.columns import known_columns, paths
from server.pii.detection import SAMPLE_ROWS, SQL, Look, detect
from server.pii.kinds import THRESHOLD, Said, Sensitivity
from server.pii.scans import Table, record
from server.sql.quoting import qualified
from server.sql.schema import schema_of

SAMPLE_ROWS_MAX = 100_000
PATHS_SHOWN = 50
MESSAGE = "personal data looked for"


class DetectPii(Arguments):
    dataset: str | None = Field(None, description="Table to look at; all tables if left out.")
    sample_rows: int = Field(
        SAMPLE_ROWS, ge=1, le=SAMPLE_ROWS_MAX, description="Rows of each that are looked at, fewer of very wide tables."
    )


class SetColumn(Arguments):
    dataset: str = Field(description="Table whose column it is.")
    column_name: str = Field(description="Column, or a part of one by its path: address.street, phones[].")
    description: Lines | None = Field(
        None, max_length=TEXT_CHARS_MAX, description="What the column holds; it becomes its SQL comment."
    )
    sensitivity: Sensitivity | None = Field(None, description="How its values are to be handled.")
    pii_kind: Said | None = Field(None, description="Kind of personal data, or none. It outlasts what is detected.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.description is None and self.sensitivity is None and self.pii_kind is None:
            raise ValueError("nothing to set: give description, sensitivity or pii_kind")
        return self


FINDINGS = schema_of(
    dataset=pa.string(),
    path=pa.string(),
    kind=pa.string(),
    confidence=pa.float64(),
    counts=pa.bool_(),
    evidence=pa.string(),
)
FACTS = schema_of(dataset=pa.string(), column_name=pa.string(), key=pa.string(), value=pa.string())


class PiiOperations:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "detect_pii",
                "Look for personal data in a sample of a table's rows, or of every table's, and keep what is found.",
                DetectPii,
                FINDINGS,
                self._detect,
            ),
            Operation(
                "set_column",
                "Set a column's description, sensitivity, or kind of personal data, in place of what was detected.",
                SetColumn,
                FACTS,
                self._set_column,
            ),
        ]

    def _detect(self, caller: Caller, arguments: DetectPii) -> list[dict[str, Any]]:
        if arguments.dataset is None:
            tables = [Table(*row) for row in self._engine.read(lambda cursor: cursor.rows(SQL["tables"]))]
        else:
            tables = [self._table(_checked(find_dataset(self._engine, arguments.dataset)))]
        looks = [(table, look) for table in tables if (look := self._look(table, arguments)) is not None]
        if looks:
            self._engine.commit(
                caller.principal.name, MESSAGE, lambda cursor: record(cursor, caller.principal.name, looks)
            )
        return [row for table, look in looks for row in _rows(table, look)]

    def _look(self, table: Table, arguments: DetectPii) -> Look | None:
        """None for a table that is gone meanwhile, where all are looked at."""
        full = qualified(LAKE, table.schema, table.name)

        def work(cursor: LakeCursor) -> Look:
            columns = known_columns(cursor.rows(SQL["columns"], [table.id]))
            return detect(cursor, lambda rows: _drawn(full, rows), columns, arguments.sample_rows)

        try:
            return self._engine.read(work)
        except SqlError:
            if arguments.dataset is None and self._is_gone(table):
                return None
            raise

    def _is_gone(self, table: Table) -> bool:
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["table"], [table.schema, table.name]))
        return not rows or rows[0][0] != table.id

    def _table(self, dataset: Dataset) -> Table:
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["table"], [dataset.schema, dataset.table]))
        if not rows:
            raise NotFound(f"there is no dataset {dataset.name!r} any more")
        return Table(*rows[0])

    def _set_column(self, caller: Caller, arguments: SetColumn) -> list[dict[str, Any]]:
        dataset, actor = _checked(find_dataset(self._engine, arguments.dataset)), caller.principal.name
        if arguments.description is not None:
            check_column(self._engine, dataset, arguments.column_name)
        facts = {"pii_kind": arguments.pii_kind, "sensitivity": arguments.sensitivity}

        def work(cursor: LakeCursor) -> str:
            path, *numbers = _column(cursor, dataset, arguments.column_name)
            if arguments.description is not None:
                cursor.execute(comment(dataset, arguments.column_name, arguments.description))
            for key, value in facts.items():
                if value is not None:
                    cursor.execute(SQL["set_fact"], [*numbers, key, value, actor])
            return path

        with self._engine.locks.holding(f"{dataset.schema}.{dataset.table}".lower()):
            path = self._engine.commit(actor, f"column of {dataset.name}", work)
        set_now = {"description": arguments.description} | facts
        return [
            {"dataset": dataset.name, "column_name": path, "key": key, "value": value}
            for key, value in set_now.items()
            if value is not None
        ]


def _drawn(table: str, rows: int) -> str:
    return SQL["drawn"].format(table=table, count=rows)


def _checked(dataset: Dataset) -> Dataset:
    if dataset.kind != "table":
        raise InvalidArgument(f"{dataset.name} is a {dataset.kind}: personal data is told of columns of tables")
    return dataset


def _column(cursor: LakeCursor, dataset: Dataset, column: str) -> tuple[str, int, int, int]:
    """Path of the column in its own letter case; numbers of the table, of the column and of the one it is a part of."""
    tables = cursor.rows(SQL["table"], [dataset.schema, dataset.table])
    if not tables:
        raise NotFound(f"there is no dataset {dataset.name!r} any more")
    table_id = int(tables[0][0])
    tops = known_columns(cursor.rows(SQL["columns"], [table_id]))
    known = [(path, part.id, top.id) for top in tops for path, part in paths([top])]
    found = [each for each in known if each[0].lower() == column.lower()]
    if not found:
        has = ", ".join(path for path, _, _ in known[:PATHS_SHOWN])
        raise NotFound(f"{dataset.name} has no column {column!r}: it has {has}")
    if len(found) > 1:
        raise InvalidArgument(f"{dataset.name} has {len(found)} columns and parts by the name {column!r}: rename one")
    path, column_id, root_id = found[0]
    return path, table_id, column_id, root_id


def _rows(table: Table, look: Look) -> list[dict[str, Any]]:
    name = table.name if table.schema == "main" else f"{table.schema}.{table.name}"
    return [
        {
            "dataset": name,
            "path": finding.leaf.path,
            "kind": finding.scored.kind,
            "confidence": finding.scored.confidence,
            "counts": finding.scored.confidence >= THRESHOLD,
            "evidence": finding.scored.evidence,
        }
        for finding in look.findings
    ]
