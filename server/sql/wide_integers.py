"""UHUGEINT on its way out: DuckDB exports it as a signed decimal of 128 bits without looking, so that the upper half of
its values would arrive as negative numbers."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from server.errors import Unsupported
from server.sql.field_metadata import TYPE_NAME
from server.sql.type_names import TypeName, parse

WIDE = "UHUGEINT"


def wide_columns(schema: pa.Schema) -> Mapping[int, TypeName]:
    """The columns of an annotated schema that hold this type, by position, with their types; mostly none."""
    names = [(field.metadata or {}).get(TYPE_NAME, b"").decode() for field in schema]
    return {position: parse(name) for position, name in enumerate(names) if WIDE in name and _whole(name)}


def check_wide(batch: pa.RecordBatch, columns: Mapping[int, TypeName]) -> None:
    """Raise Unsupported naming the column whose values would arrive as others."""
    for position, kind in columns.items():
        if _wrapped(batch.column(position), kind):
            name = batch.schema.field(position).name
            raise Unsupported(f"column {name!r} holds a UHUGEINT from 2^127 on, which Arrow lacks: cast it to VARCHAR")


def _whole(type_name: str) -> bool:
    """Whether the type was not cut short, and is no label of an ENUM."""
    try:
        return WIDE in {part.name for part in _parts(parse(type_name))}
    except Unsupported:
        return False


def _parts(kind: TypeName) -> list[TypeName]:
    return [kind, *(part for _, child in kind.children for part in _parts(child))]


def _wrapped(array: Any, kind: TypeName) -> bool:
    """Whether an array of this type has a negative number where there can be none. Values under a NULL don't count."""
    if kind.name == WIDE:
        least = pc.min(array).as_py()
        return least is not None and least < 0
    children = [child for _, child in kind.children]
    match kind.name:
        case "LIST" | "ARRAY":
            return _wrapped(array.flatten(), children[0])
        case "MAP":
            return _wrapped(array.keys, children[0]) or _wrapped(array.items, children[1])
        case "STRUCT":
            return any(_wrapped(a, c) for a, c in zip(array.flatten(), children, strict=True))
        case "UNION":
            return any(_wrapped(array.field(i), c) for i, c in enumerate(children))
    return False
