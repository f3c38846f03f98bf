"""Bound rows: a statement runs once for each, and an INSERT of nothing but parameters once for all of them."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.engine.translate import CANCELLED
from server.errors import Cancelled
from server.sql.inserts import ValuesInsert, insert_rows, values_insert
from server.sql.statements import Statement

VIEW = f"bound_rows_{secrets.token_hex(8)}"  # no table has this name
BoundRow = pa.RecordBatch  # one row, a column per parameter


@dataclass(frozen=True)
class Bound:
    """What was bound to a statement. table: a row per execution, a column per parameter; None where nothing was.

    convert: a row to the values that DuckDB takes.
    """

    table: pa.Table | None
    convert: Callable[[BoundRow | None], Any]

    @property
    def count(self) -> int:
        """How many times the statement runs."""
        return 1 if self.table is None else int(self.table.num_rows)

    def values(self) -> Iterator[Any]:
        """The values of each execution."""
        if self.table is None:
            yield self.convert(None)
            return
        for row in rows_of(self.table):
            yield self.convert(row)


def rows_of(table: pa.Table) -> Iterator[BoundRow]:
    for batch in table.to_batches():
        for row in range(batch.num_rows):
            yield batch.slice(row, 1)


def counted(cursor: LakeCursor, statement: Statement, bound: Bound) -> pa.Table:
    """Run DML or DDL once per bound row. Column Count: rows changed; no row where DuckDB gives no count, as for DDL."""
    if bound.table is not None and bound.count > 1:
        insert = values_insert(statement)
        if insert is not None and insert.row is not None:
            return _at_once(cursor, insert, values_of(statement, insert.row, bound.table))
    counts: list[int] = []
    for values in bound.values():
        if cursor.context.cancelled.is_set():
            raise Cancelled(CANCELLED)
        table = cursor.execute(statement.text, values).table()
        if table.num_rows and table.column_names == ["Count"]:
            counts.append(int(table.column(0)[0].as_py()))
    known = counts or bound.count == 0
    return pa.table({"Count": pa.array([sum(counts)] if known else [], pa.int64())})


def values_of(statement: Statement, row: Sequence[str], table: pa.Table) -> pa.Table:
    """The bound values in the order of the inserted row, as columns p0, p1, …; row: the parameter of each."""
    columns = [table.column(statement.parameters.index(parameter)) for parameter in row]
    return pa.table(columns, names=[f"p{number}" for number in range(len(columns))])


def _at_once(cursor: LakeCursor, insert: ValuesInsert, values: pa.Table) -> pa.Table:
    cursor.register(VIEW, values)
    try:
        return cursor.execute(insert_rows(insert.target, insert.columns, VIEW, values.num_columns)).table()
    finally:
        cursor.unregister(VIEW)
