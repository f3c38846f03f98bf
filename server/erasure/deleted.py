"""The table that holds a dataset's rows from their tombstone to their erasure, and the view of both together."""

import secrets
from collections.abc import Sequence

from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.erasure.following import Column, check_key, follow, followed, new_names, numbered_columns
from server.erasure.keys import KeyColumn, table_of
from server.errors import Conflict, InvalidArgument, SqlError
from server.gate.rules import RESERVED_PREFIX
from server.sql.quoting import identifier, literal, qualified

MARK = "__deleted"


def deleted_table(dataset_name: str) -> str:
    """Its full name, SQL text."""
    return qualified(LAKE, "deleted", dataset_name)


def raw_view(dataset: Dataset) -> str:
    """The full name of the view that administrators read both by, SQL text."""
    return qualified(LAKE, dataset.schema, RESERVED_PREFIX + dataset.table)


def make_ready(cursor: LakeCursor, dataset: Dataset, key: KeyColumn) -> bool:
    """Make the table, or give it the columns, names and types that the dataset has got since; whether anything was to
    be done.

    Raises InvalidArgument for a key that is no column of the dataset any more, and for a column whose new type the old
    rows don't fit.
    """
    into, live = deleted_table(dataset.name), _columns_of(cursor, dataset)
    deleted = numbered_columns(cursor, "deleted", dataset.name, into)
    if not deleted:
        cursor.execute(f"CREATE TABLE {into} AS FROM {table_of(dataset)} LIMIT 0")
        for column in live:
            follow(cursor, into, column.name, column.number)
        cursor.execute(_view(dataset))
        return True
    check_key(dataset, key, live, deleted)
    pairs = followed(live, deleted, key)
    names = new_names(live, deleted, pairs)
    _rename(cursor, into, deleted, names)
    changes = len(names)
    for column in deleted:
        if (now := pairs.get(column.number)) is not None:
            changes += _fit(cursor, dataset, column, now)
    for column in live:
        if column not in pairs.values():
            _add(cursor, into, column)
            changes += 1
    return changes > 0


def shared_columns(cursor: LakeCursor, dataset: Dataset) -> str:
    """The columns that both have, SQL text: what a row keeps on its way back. Raises Conflict if the dataset was
    altered since `make_ready`."""
    deleted = _deleted_columns(cursor, dataset)
    by_number = {column.number: column.name for column in _columns_of(cursor, dataset)}
    if any(by_number.get(column.follows or "", column.name) != column.name for column in deleted):
        raise Conflict(f"{dataset.name} was altered meanwhile: run it again")
    both = [identifier(column.name) for column in deleted if column.name in by_number.values()]
    return ", ".join(both)


def homeless_columns(cursor: LakeCursor, dataset: Dataset) -> list[tuple[str, str]]:
    """(name, type) of each column of the deleted rows that the dataset lacks without having dropped it, since it was
    made anew."""
    live = _columns_of(cursor, dataset)
    names = {column.name for column in live}
    deleted = _deleted_columns(cursor, dataset)
    return [(c.name, c.kind) for c in deleted if c.name not in names and not c.dropped_from(live)]


def _columns_of(cursor: LakeCursor, dataset: Dataset) -> list[Column]:
    return numbered_columns(cursor, dataset.schema, dataset.table, table_of(dataset))


def _deleted_columns(cursor: LakeCursor, dataset: Dataset) -> list[Column]:
    return numbered_columns(cursor, "deleted", dataset.name, deleted_table(dataset.name))


def _rename(cursor: LakeCursor, table: str, columns: Sequence[Column], names: dict[str, str]) -> None:
    """names: number of a column → its new name. In two steps, since a new name may be another one's old name."""
    marks = {number: f"renamed_{secrets.token_hex(8)}" for number in names}
    old = {column.number: column.name for column in columns}
    for before, after in ((old, marks), (marks, names)):
        for number in names:
            text = f"{identifier(before[number])} TO {identifier(after[number])}"
            cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {text}")


def _fit(cursor: LakeCursor, dataset: Dataset, column: Column, now: Column) -> bool:
    """Give a column of the deleted rows, renamed already, the type that it has in the dataset; whether anything was to
    be done. Values must come through: a field of a struct under a new name would not."""
    into, name = deleted_table(dataset.name), identifier(now.name)
    if column.kind != now.kind:
        try:
            kept = f"CAST(CAST({name} AS {now.kind}) AS {column.kind}) IS NOT DISTINCT FROM {name}"
            fits = bool(cursor.rows(f"SELECT coalesce(bool_and({kept}), true) FROM {into}")[0][0])
            if fits:
                cursor.execute(f"ALTER TABLE {into} ALTER COLUMN {name} SET DATA TYPE {now.kind}")
        except SqlError:
            fits = False
        if not fits:
            raise InvalidArgument(
                f"column {now.name} of {dataset.name} is {now.kind} now, and {column.kind} in rows that wait for their "
                "erasure: erase them, or restore them under the old type"
            )
    if column.follows != now.number:
        follow(cursor, into, now.name, now.number)
    return column.kind != now.kind or column.follows != now.number


def _add(cursor: LakeCursor, table: str, column: Column) -> None:
    """With what the dataset's own older rows have in it."""
    default = "" if column.first_default is None else f" DEFAULT {literal(column.first_default)}"
    cursor.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(column.name)} {column.kind}{default}")
    follow(cursor, table, column.name, column.number)


def _view(dataset: Dataset) -> str:
    """Its rows and the taken away ones, told apart by a last column."""
    return (
        f"CREATE OR REPLACE VIEW {raw_view(dataset)} AS SELECT *, false AS {MARK} FROM {table_of(dataset)} "
        f"UNION ALL BY NAME SELECT *, true AS {MARK} FROM {deleted_table(dataset.name)}"
    )
