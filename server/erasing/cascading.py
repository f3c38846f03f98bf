"""Following an erasure into derived tables: what their rows of the erased keys leave behind, and removing these rows.

A row goes if a column has an erased key to which lineage leads from the key column, with values as they are all the
way. Tables without such a column keep their rows: their surface in the certificate tells what is known of them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.erasing.deriving import KEYS, DerivedTable, derived_tables, has_key
from server.erasing.traces import Traces
from server.erasing.tracing import SQL, Place, is_nested, values_of
from server.erasure.documents import deleted_tables
from server.erasure.keys import GIVEN, KeyColumn, columns_of, first_key_column, table_of
from server.errors import SqlError
from server.logs import logger
from server.sql.quoting import identifier, literal

_log = logger("erasure")


def with_derived(cursor: LakeCursor, found: Traces, waiting: tuple[str, ...]) -> Traces:
    """found, with what is to be erased in derived tables. A key that the dataset has rows of again stays in them: which
    of their rows are older copies nothing tells. waiting: digests of the keys whose rows no try has removed yet."""
    with _given(cursor, found.keys):
        tables = tables_with_key(cursor, found.dataset, found.key_column.name)
        now = [replace(part, hmacs=waiting) for table in tables for part in _traces(cursor, found, table)]
    whole = replace(found, cascaded=found.keys, derived=tuple(now))
    return replace(whole, derived=Traces.joined([whole, replace(whole, derived=found.derived)]).derived)


def tables_with_key(cursor: LakeCursor, name: str, key_column: str) -> list[DerivedTable]:
    """Those whose rows can be told apart by key."""
    return [table for table in derived_tables(cursor, name, key_column) if table.keys]


def remove_rows(cursor: LakeCursor, traces: Traces) -> None:
    """Delete the rows of the cascaded keys from derived tables and from what tombstones took out of these, in the open
    transaction. Which tables these are is asked again: a try may come long after the one before."""
    if not traces.cascaded:
        return
    with _given(cursor, traces.cascaded):
        for table in tables_with_key(cursor, traces.dataset, traces.key_column.name):
            for source, condition in _sources(cursor, table):
                cursor.execute(f"DELETE FROM {source} WHERE {condition}")


def end_tombstones(cursor: LakeCursor, traces: Traces, actor: str) -> None:
    """Mark the derived tables' own tombstones of the cascaded keys erased, in the open transaction."""
    if not traces.cascaded:
        return
    with _given(cursor, traces.cascaded):
        for table in tables_with_key(cursor, traces.dataset, traces.key_column.name):
            columns = [name.lower() for name in table.keys]
            found = cursor.rows(SQL["derived_tombstones"].format(keys=f"temp.main.{KEYS}"), [table.name, columns])
            if found:
                mark_erased(cursor, table.name, [str(hmac) for (hmac,) in found], actor)


def mark_erased(cursor: LakeCursor, dataset: str, hmacs: Sequence[str], actor: str) -> None:
    """Tombstones of these keys are erased, and their keys in clear go."""
    cursor.register(GIVEN, pa.table({"hmac": pa.array(hmacs, pa.string())}))
    try:
        cursor.execute(SQL["erased"].format(given=GIVEN), {"dataset": dataset, "actor": actor})
        cursor.execute(SQL["forget_keys"].format(given=GIVEN), {"dataset": dataset})
    finally:
        cursor.unregister(GIVEN)


def _traces(cursor: LakeCursor, found: Traces, table: DerivedTable) -> list[Traces]:
    """An entry for each column that has the key; values and rows are in the first."""
    full, dataset = table_of(table.dataset), table.dataset
    columns = dict(columns_of(cursor, full))
    keys = [KeyColumn(name, kind) for name, kind in columns.items() if name in table.keys]
    sources = _sources(cursor, table)
    if not keys:
        return []
    try:
        cursor.execute(
            SQL["leaving_derived"].format(
                found=" UNION ALL BY NAME ".join(f"SELECT * FROM {source} WHERE {has}" for source, has in sources)
            )
        )
        rows = int(cursor.rows("SELECT count(*) FROM temp.main.lakehouse_leaving")[0][0])
        _collect_before(cursor, table, columns)
        there = f"(FROM {full} WHERE ({has_key(table.keys, columns)}) IS NOT TRUE)"
        leaving = dict(columns_of(cursor, "temp.main.lakehouse_leaving"))
        place = Place(dataset, keys[0], leaving, columns, there)
        values = {name: values_of(cursor, place, name) for name in leaving}
        entities = _entities(cursor, table, values, columns)
    finally:
        cursor.execute(SQL["left"])
    subjects = tuple(dict.fromkeys((*found.keys, *entities)))
    first = Traces(table.name, keys[0], found.keys, (), subjects, values, rows=rows)
    return [first, *(replace(first, key_column=key, values={}, rows=0) for key in keys[1:])]


def _collect_before(cursor: LakeCursor, table: DerivedTable, columns: dict[str, str]) -> None:
    first, last = cursor.rows(SQL["snapshots"])[0][1:]
    names = {
        "columns": ", ".join(map(identifier, columns)),
        "schema": literal(table.dataset.schema),
        "table": literal(table.dataset.table),
        "first": str(first),
        "last": str(last),
        "has_key": has_key(table.keys, columns),
    }
    try:
        cursor.execute(SQL["leaving_derived_before"].format(**names))
    except SqlError as error:  # a column may have had another type
        _log.warning("older versions of rows can't be read", dataset=table.name, code=error.code)


def _entities(
    cursor: LakeCursor, table: DerivedTable, values: dict[str, pa.StringArray], columns: dict[str, str]
) -> list[str]:
    """What the journal calls the rows that go, where it names them by another column: the one that it was told, or that
    of the table's own tombstones."""
    named = {str(column).lower() for (column,) in cursor.rows(SQL["entity_column"], [table.name])}
    own = first_key_column(cursor, table.dataset)
    named |= {own.name.lower()} if own is not None else set()
    return [
        str(value)
        for name, found in values.items()
        if name.lower() in named and not is_nested(columns.get(name, "[]"))
        for value in found.to_pylist()
    ]


def _sources(cursor: LakeCursor, table: DerivedTable) -> list[tuple[str, str]]:
    """Where rows with keys may be, and the condition for them, SQL text: the table, and its deleted rows."""
    places = [table_of(table.dataset), deleted_tables(cursor).get(table.name.lower())]
    conditions = [
        (place, has_key(table.keys, dict(columns_of(cursor, place)))) for place in places if place is not None
    ]
    return [(place, condition) for place, condition in conditions if condition]


@contextmanager
def _given(cursor: LakeCursor, keys: Sequence[str]) -> Iterator[None]:
    cursor.register(KEYS, pa.table({"value": pa.array(keys, pa.string())}))
    try:
        yield
    finally:
        cursor.unregister(KEYS)
