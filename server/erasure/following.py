"""Columns of a table of deleted rows, and which columns of the dataset they follow whatever those are renamed to.

DuckLake gives each column a number that no rename changes. What a column of the deleted rows follows is kept as its
comment: the catalog forgets earlier names when snapshots expire.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.erasure.keys import SQL, KeyColumn, columns_of
from server.errors import InvalidArgument
from server.sql.quoting import identifier, literal, qualified


@dataclass(frozen=True)
class Column:
    """number: its own, as `column 3 of table 12`. follows: the number in its comment. first_default: what rows from
    before it was added have in it, as text."""

    name: str
    kind: str
    number: str
    follows: str | None
    first_default: str | None

    @property
    def table(self) -> str:
        """Its table, as in its number."""
        return _table(self.number)

    def dropped_from(self, live: "Sequence[Column]") -> bool:
        """Whether what it follows was a column of this very table, and is one no more."""
        return _table(self.follows or "") == live[0].table and all(column.number != self.follows for column in live)


def numbered_columns(cursor: LakeCursor, schema: str, table: str, full: str) -> list[Column]:
    """Columns of a table, in their order; none if it is not there. full: its full name, SQL text."""
    rows = cursor.rows(SQL["numbered"], [schema, table])
    kinds = dict(columns_of(cursor, full)) if rows else {}
    return [Column(str(name), kinds[name], *more) for name, *more in rows if name in kinds]


def check_key(dataset: Dataset, key: KeyColumn, live: Sequence[Column], deleted: Sequence[Column]) -> None:
    """Rows come and go by their key. Raises InvalidArgument if the dataset has no such column, telling what to do."""
    follows = next((column.follows for column in deleted if _same(column.name, key.name)), None)
    moved = next((column.name for column in live if column.number == follows), key.name)
    named = next((column for column in live if _same(column.name, key.name)), None)
    other = next((column.name for column in deleted if named is not None and column.follows == named.number), key.name)
    if not _same(moved, key.name):
        change = f"RENAME COLUMN {identifier(moved)} TO {key.sql}"
    elif named is None:
        change = f"ADD COLUMN {key.sql} {key.type}"
    elif not _same(other, key.name):
        change = f"RENAME COLUMN {key.sql} TO {identifier(other)}"
    else:
        return
    table = qualified(dataset.schema, dataset.table)
    raise InvalidArgument(
        f"{key.name}, the key of {dataset.name}'s deleted rows, is not among its columns: ALTER TABLE {table} {change} "
        "first"
    )


def followed(live: Sequence[Column], deleted: Sequence[Column], key: KeyColumn) -> dict[str, Column]:
    """Number of a column of the deleted rows → the dataset's column that it stands for.

    For the key, in a table that was made anew and where nothing is known it is the column of that name. Another column
    that was dropped has none, even if a new one has its name now.
    """
    by_number = {column.number: column for column in live}
    found = {column.number: by_number[column.follows] for column in deleted if column.follows in by_number}
    left = {column.name.lower(): column for column in live if column not in found.values()}
    for column in deleted:
        if column.number in found or column.name.lower() not in left:
            continue
        if _same(column.name, key.name) or not column.dropped_from(live):
            found[column.number] = left[column.name.lower()]
    return found


def new_names(live: Sequence[Column], deleted: Sequence[Column], pairs: dict[str, Column]) -> dict[str, str]:
    """Number → new name, of the columns of the deleted rows whose names are not right any more. One that stands for no
    column leaves its name to the column that has it now."""
    taken = {column.name.lower() for column in (*live, *deleted)}
    names = {}
    for column in deleted:
        name = column.name
        if column.number in pairs:
            name = pairs[column.number].name
        elif any(_same(other.name, name) for other in live):
            name = _free(name, taken)
        if name != column.name:
            names[column.number] = name
    return names


def follow(cursor: LakeCursor, table: str, column: str, number: str) -> None:
    """Note what a column of the deleted rows follows. table: SQL text."""
    cursor.execute(f"COMMENT ON COLUMN {table}.{identifier(column)} IS {literal(number)}")


def _free(name: str, taken: set[str]) -> str:
    """A name for a column that was dropped; taken: names in lower case, to which it is added."""
    free = next(f"{name} (dropped {n})" for n in count(1) if f"{name} (dropped {n})".lower() not in taken)
    taken.add(free.lower())
    return free


def _table(number: str) -> str:
    return number.partition(" of ")[2]


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
