"""The keys that a caller names, checked against the one key column that a dataset has."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from catalog_sql import named_queries
from server.catalog.datasets import Dataset
from server.engine.cursor import LakeCursor
from server.engine.location import LAKE
from server.erasure.digest import KeyDigest
from server.errors import InvalidArgument, NotFound
from server.sql.quoting import identifier, qualified

SQL = named_queries("queries/tombstones.sql")
GIVEN = "lakehouse_given_keys"
# Types whose values have one text each, whatever the session's settings are.
KEY_TYPES = frozenset("VARCHAR UUID DATE TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT".split())
KEYS_MAX = 1_000_000
SHOWN_CHARS = 40
Key = str | int


@dataclass(frozen=True)
class KeyColumn:
    """The column that names a dataset's subjects. type: DuckDB's name of it."""

    name: str
    type: str

    @property
    def sql(self) -> str:
        return identifier(self.name)


def table_of(dataset: Dataset) -> str:
    """Its full name, SQL text."""
    return qualified(LAKE, dataset.schema, dataset.table)


def first_key_column(cursor: LakeCursor, dataset: Dataset) -> KeyColumn | None:
    """The column of the dataset's first tombstone; None if it never had one."""
    rows = cursor.rows(SQL["key"], [dataset.name])
    return KeyColumn(*rows[0]) if rows else None


def checked_key_column(cursor: LakeCursor, dataset: Dataset, named: str | None, known: KeyColumn | None) -> KeyColumn:
    """The dataset's key column: the one that is known, or for its first tombstone the one that is named.

    Raises InvalidArgument for a view, for another column than the known one, and for a type that names nobody; NotFound
    for a column that is not there.
    """
    if dataset.kind == "view":
        raise InvalidArgument(f"{dataset.name} is a view: tombstone the rows of the tables it reads")
    if known is not None and named is not None and named.lower() != known.name.lower():
        raise InvalidArgument(f"the key column of {dataset.name} is {known.name}: a dataset has one, not {named!r} too")
    if known is not None:
        return known
    if named is None:
        raise NotFound(f"{dataset.name} has no tombstones")
    columns = {name.lower(): (name, kind) for name, kind in columns_of(cursor, table_of(dataset))}
    if named.lower() not in columns:
        listed = ", ".join(name for name, _ in columns.values())
        raise NotFound(f"{dataset.name} has no column {named!r}: it has {listed}")
    found = KeyColumn(*columns[named.lower()])
    if found.type not in KEY_TYPES:
        raise InvalidArgument(f"column {found.name} is {found.type}: a key is text, an integer, a UUID or a date")
    return found


def columns_of(cursor: LakeCursor, table: str) -> list[tuple[str, str]]:
    """(name, type) of each column. table: SQL text."""
    return [(str(name), str(kind)) for name, kind in cursor.rows(SQL["columns"].format(table=table))]


def given_keys(cursor: LakeCursor, keys: Sequence[Key | None], column: KeyColumn, digest: KeyDigest) -> pa.Table:
    """The keys as rows (value, hmac), each once, value being the key's text as DuckDB writes it.

    Raises InvalidArgument for a NULL, and for what is no value of the column's type.
    """
    if any(key is None for key in keys):
        raise InvalidArgument("a key is NULL: it names nobody")
    wrong = next((key for key in keys if isinstance(key, str) != (column.type not in _INTEGERS)), None)
    if wrong is not None:
        raise InvalidArgument(f"{_shown(wrong)} is no {column.type}, the type of {column.name}")
    texts = [str(key) for key in keys]
    if column.type != "VARCHAR":
        texts = _canonical(cursor, texts, column)
    unique = list(dict.fromkeys(texts))
    return pa.table({"value": pa.array(unique, pa.string()), "hmac": pa.array(digest.all(unique), pa.string())})


def _canonical(cursor: LakeCursor, texts: list[str], column: KeyColumn) -> list[str]:
    cursor.register(GIVEN, pa.table({"value": pa.array(texts, pa.string())}))
    try:
        found = cursor.rows(SQL["texts"].format(type=column.type, given=GIVEN))
    finally:
        cursor.unregister(GIVEN)
    for text, (canonical,) in zip(texts, found, strict=True):
        if canonical is None:
            raise InvalidArgument(f"{_shown(text)} is no {column.type}, the type of {column.name}")
    return [str(canonical) for (canonical,) in found]


def _shown(key: Key | None) -> str:
    text = repr(key)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


_INTEGERS = KEY_TYPES - {"VARCHAR", "UUID", "DATE"}
