"""The leaves of columns: parts that have no parts, and the SQL that reads each, whatever lists and maps it lies in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.pii.columns import Column, path_of
from server.sql.quoting import identifier, literal

ITEMS_MAX = 20  # of a list or map in one row
TEXT_CHARS_MAX = 1000  # of one value
BLOB_BYTES_MAX = 4000  # longer values are left out: a part of one may end inside a character


@dataclass(frozen=True)
class Leaf:
    """root: the column that it is of, itself where that has no parts. names: of what it lies in, outermost first, its
    own at the end. value: SQL text of its values in a row, bounded: text or bytes, or a list of them."""

    column: Column
    root: Column
    path: str
    names: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class _Read:
    """How far down a path is read. many: value is a list."""

    leaf: Column
    path: str
    names: tuple[str, ...]
    value: str
    many: bool = False


def leaves(columns: Iterable[Column]) -> Iterator[Leaf]:
    """Every leaf, in order."""
    for column in columns:
        for read in _read(column, column.name, (column.name,), identifier(column.name), 0):
            yield Leaf(read.leaf, column, read.path, read.names, read.value)


def _read(column: Column, path: str, names: tuple[str, ...], value: str, depth: int) -> Iterator[_Read]:
    if not column.parts:
        yield _Read(column, path, names, _bounded(column, value))
    for part in column.parts:
        below, variable = path_of(path, column, part), f"x{depth}"
        match column.type:
            case "struct":
                yield from _read(
                    part,
                    below,
                    (*names, part.name),
                    f"system.main.struct_extract({value}, {literal(part.name)})",
                    depth,
                )
            case "list":
                inner = _read(part, below, names, variable, depth + 1)
                yield from (_of_items(read, value, variable) for read in inner)
            case "map":
                inner = _read(part, below, names if part.name == "value" else (*names, "key"), variable, depth + 1)
                side = "system.main.map_values" if part.name == "value" else "system.main.map_keys"
                yield from (_of_items(read, f"{side}({value})", variable) for read in inner)


def _of_items(read: _Read, items: str, variable: str) -> _Read:
    value = f"system.main.list_transform(({items})[:{ITEMS_MAX}], lambda {variable}: {read.value})"
    return _Read(read.leaf, read.path, read.names, f"system.main.flatten({value})" if read.many else value, many=True)


def _bounded(column: Column, value: str) -> str:
    if column.category == "blob":
        return f"CASE WHEN system.main.octet_length({value}) <= {BLOB_BYTES_MAX} THEN {value} END"
    return f"system.main.left(CAST({value} AS VARCHAR), {TEXT_CHARS_MAX})"
