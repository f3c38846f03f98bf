"""How much memory a copy takes.

DuckDB tells what all tables in memory take together, not each. But how it lays one out is plain: uncompressed, in
groups of 122,880 rows, each column and its NULL marks in blocks of 256 KiB. So the size follows from the number of
rows, the widths of the types, and the bytes of texts and lists, which are counted. A test holds it against what
DuckDB tells.
"""

from math import ceil

from server.errors import Unsupported
from server.sql.quoting import identifier
from server.sql.type_names import parse

Columns = tuple[tuple[str, str], ...]  # name, DuckDB type

GROUP_ROWS = 122_880
BLOCK_BYTES = 256 << 10
VECTOR_ROWS = 2048
_WIDTHS = {
    **dict.fromkeys(("BOOLEAN", "TINYINT", "UTINYINT"), 1),
    **dict.fromkeys(("SMALLINT", "USMALLINT"), 2),
    **dict.fromkeys(("INTEGER", "UINTEGER", "FLOAT", "DATE"), 4),
    **dict.fromkeys(("HUGEINT", "UHUGEINT", "UUID", "INTERVAL"), 16),
    **dict.fromkeys(("BIGINT", "UBIGINT", "DOUBLE", "TIME", "TIME WITH TIME ZONE"), 8),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"), 8),
}
_TEXTS = frozenset({"VARCHAR", "BLOB"})
_OFFSET = 4  # of a text
_ENTRY = 8  # of a list: where its values begin and how many they are
_ROW_NUMBER = 8


def varying_bytes(columns: Columns) -> str:
    """SQL text of an aggregate: the bytes of what has no fixed width."""
    terms = [_varying(identifier(name), kind) for name, kind in columns if _width(kind) is None]
    return f"coalesce(sum({' + '.join(terms)}), 0)::BIGINT" if terms else "max(0)"


def byte_count(columns: Columns, rows: int, varying: int) -> int:
    """The memory of a copy with its row numbers. rows: dead ones included. varying: see `varying_bytes`."""
    widths = [_ROW_NUMBER, *(_width(kind) or (_OFFSET if kind in _TEXTS else _ENTRY) for _, kind in columns)]
    groups, rest = divmod(rows, GROUP_ROWS)
    whole = groups * sum(_blocks(GROUP_ROWS * width) + BLOCK_BYTES for width in widths)
    begun = VECTOR_ROWS * sum(width + 1 for width in widths)  # what a group begins with, without whole blocks
    if rest > VECTOR_ROWS:
        begun += sum(_blocks((rest - VECTOR_ROWS) * width) + BLOCK_BYTES for width in widths)
    return whole + begun + varying


def _blocks(size: int) -> int:
    return ceil(size / BLOCK_BYTES) * BLOCK_BYTES


def _width(kind: str) -> int | None:
    """Bytes of a value of fixed width."""
    if kind.startswith("DECIMAL("):
        digits = int(kind[8:].split(",")[0])
        return next((width for width, most in ((2, 4), (4, 9), (8, 18)) if digits <= most), 16)
    return _WIDTHS.get(kind)


def _varying(column: str, kind: str) -> str:
    if kind == "VARCHAR":
        return f"coalesce(strlen({column}), 0)"
    if kind == "BLOB":
        return f"coalesce(octet_length({column}), 0)"
    item = _item_width(kind)
    return f"coalesce(strlen({column}::VARCHAR), 0)" if item is None else f"coalesce(len({column}), 0) * {item}"


def _item_width(kind: str) -> int | None:
    """Bytes of a list's value, if they are of fixed width."""
    try:
        parsed = parse(kind)
    except Unsupported:
        return None
    return _width(parsed.children[0][1].name) if parsed.name == "LIST" else None
