"""Collecting the traces of an erasure before anything is removed, in the transaction that removes the rows."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from catalog_sql import named_queries
from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.erasing.traces import Traces
from server.erasure.deleted import deleted_table
from server.erasure.keys import GIVEN, KeyColumn, columns_of, first_key_column, table_of
from server.errors import NotFound, SqlError
from server.logs import logger
from server.sql.quoting import identifier, literal

SQL = named_queries("queries/erasing.sql")
_NESTED = ("[]", "STRUCT", "MAP")  # begin or end of the names of nested types

_log = logger("erasure")


@dataclass(frozen=True)
class Place:
    """Where values come from. columns: name → type, of the deleted rows; live: those that the dataset has."""

    dataset: Dataset
    key: KeyColumn
    columns: dict[str, str]
    live: dict[str, str]
    instead: str  # what stands for the dataset's table, SQL text; empty for the table

    @property
    def has_key(self) -> bool:
        """False for a dataset that was made anew without the key column."""
        return self.key.name.lower() in {name.lower() for name in self.live}

    def text(self, query: str, **parts: str) -> str:
        names = {
            "deleted": deleted_table(self.dataset.name),
            "live": self.instead or table_of(self.dataset),
            "given": GIVEN,
        }
        return SQL[query].format(**names, key=self.key.sql, type=self.key.type, **parts)


def traces_of(cursor: LakeCursor, dataset: Dataset) -> Traces:
    """What the rows that wait for their erasure leave behind, but for documents. Raises NotFound if no key waits."""
    key = first_key_column(cursor, dataset)
    states = cursor.rows(SQL["keys"], [dataset.name]) if key is not None else []
    if key is None or not states:
        raise NotFound(f"{dataset.name} has no tombstones whose rows could be erased")
    deleted = dict(columns_of(cursor, deleted_table(dataset.name)))
    gone = dataset.kind == "gone"
    live = deleted if gone else dict(columns_of(cursor, table_of(dataset)))
    place = Place(dataset, key, deleted, live, f"(FROM {deleted_table(dataset.name)} LIMIT 0)" if gone else "")
    hmacs = tuple(str(hmac) for hmac, _, _ in states)
    named = [str(value) for _, value, _ in states if value is not None]
    cursor.register(GIVEN, pa.table({"value": pa.array(named, pa.string())}))
    try:
        keys = tuple(str(row[0]) for row in cursor.rows(place.text("gone_keys"))) if place.has_key else tuple(named)
        _collect(cursor, place)
        values = {name: values_of(cursor, place, name) for name in deleted}
    finally:
        cursor.execute(SQL["left"])
        cursor.unregister(GIVEN)
    rows = int(cursor.rows(place.text("rows"))[0][0])
    return Traces(dataset.name, key, keys, hmacs, tuple(named), values, rows=rows)


def _collect(cursor: LakeCursor, place: Place) -> None:
    """All that leaves, in a temporary table: the deleted rows and what they were before."""
    cursor.execute(place.text("leaving"))
    first, last = cursor.rows(SQL["snapshots"])[0][1:]
    both = ", ".join(identifier(name) for name in place.columns if name in place.live)
    names = {"schema": literal(place.dataset.schema), "table": literal(place.dataset.table), "columns": both}
    if place.instead or not both or not place.has_key:
        return
    try:
        cursor.execute(place.text("leaving_before", first=str(first), last=str(last), **names))
    except SqlError as error:  # a column may have had another type
        _log.warning("older versions of rows can't be read", dataset=place.dataset.name, code=error.code)


def values_of(cursor: LakeCursor, place: Place, name: str) -> pa.StringArray:
    """What leaves with a column."""
    column, nested = identifier(name), is_nested(place.columns[name])
    others = [identifier(other) for other, kind in place.live.items() if is_nested(kind) == nested]
    if nested:
        listed = column if name in place.live else ", ".join(others)
        return _texts(cursor, place.text("nested", column=column, others=listed))
    if name in place.live:
        return _texts(cursor, place.text("values", column=column))
    listed = ", ".join(f"CAST({other} AS VARCHAR)" for other in others)
    return _texts(cursor, place.text("only_leaving", column=column, others=listed))


def _texts(cursor: LakeCursor, sql: str) -> pa.StringArray:
    column = cursor.execute(sql).table().column(0)
    texts: Any = pa.concat_arrays([pa.array([], pa.string()), *column.cast(pa.string()).chunks])
    return texts  # type: ignore[no-any-return]


def is_nested(kind: str) -> bool:
    """Whether values of a type, by DuckDB's name, hold others."""
    return kind.startswith(_NESTED[1:]) or kind.endswith("]")
