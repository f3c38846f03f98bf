"""The columns of a table with their parts: what DuckLake numbers, and what a path such as `phones[].number` names."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

NESTED = frozenset({"list", "struct", "map"})

# What may be looked for in a column. Numbers below 64 bits hold no card; of `other` only the name is looked at.
Category = Literal["text", "blob", "long", "number", "day", "other"]
_CATEGORIES: dict[str, Category] = {
    **dict.fromkeys(("varchar", "json"), "text"),
    "blob": "blob",
    **dict.fromkeys(("int64", "uint64", "int128", "uint128", "bigint", "ubigint", "hugeint", "uhugeint"), "long"),
    **dict.fromkeys(("int16", "int32", "uint16", "uint32", "smallint", "integer", "usmallint", "uinteger"), "number"),
    **dict.fromkeys(("float32", "float64", "float", "double", "decimal"), "number"),
    **dict.fromkeys(
        ("date", "timestamp", "timestamp_us", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamptz"), "day"
    ),
    "timestamp with time zone": "day",
}


@dataclass(frozen=True)
class Column:
    """A column, or a part of one. type: DuckLake's name of it, or DuckDB's in lower case; no brackets."""

    id: int
    name: str
    type: str
    parts: tuple["Column", ...] = ()

    @property
    def category(self) -> Category:
        return _CATEGORIES.get(self.type, "other")


def known_columns(rows: Iterable[Sequence[Any]]) -> list[Column]:
    """rows: of DuckLake's metadata, in order: column_id, name, type, parent."""
    children: dict[int | None, list[tuple[int, str, str]]] = defaultdict(list)
    for number, name, kind, parent in rows:
        children[parent].append((int(number), str(name), str(kind)))

    def made(parent: int | None) -> tuple[Column, ...]:
        return tuple(
            Column(number, name, kind.partition("(")[0], made(number) if kind in NESTED else ())
            for number, name, kind in children[parent]
        )

    return list(made(None))


def new_columns(types: Iterable[tuple[str, Any]]) -> list[Column]:
    """types: names and DuckDB types of a table that is not committed. DuckLake numbers the columns of a new table from
    1, each before its parts."""
    numbers = count(1)

    def made(name: str, kind: Any) -> Column:
        number = next(numbers)
        parts: tuple[Column, ...] = ()
        match kind.id:
            case "list" | "array":
                parts = (made("element", kind.children[0][1]),)
            case "struct" | "map":
                parts = tuple(made(str(part), inner) for part, inner in kind.children)
        named = "list" if kind.id == "array" else str(kind.id) if parts else str(kind).lower().partition("(")[0]
        return Column(number, name, named, parts)

    return [made(name, kind) for name, kind in types]


def paths(columns: Iterable[Column]) -> Iterator[tuple[str, Column]]:
    """Every column and part with its path."""

    def below(column: Column, path: str) -> Iterator[tuple[str, Column]]:
        yield path, column
        for part in column.parts:
            yield from below(part, path_of(path, column, part))

    for column in columns:
        yield from below(column, column.name)


def path_of(path: str, column: Column, part: Column) -> str:
    """The path of a part of the column that has this path."""
    return f"{path}[]" if column.type == "list" else f"{path}.{part.name}"
