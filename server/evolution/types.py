"""Which types hold the values of which others. Pure: types are trees as `sql/type_names.py` reads them.

Widened means by DuckLake's ALTER, which leaves the files as they are; and only where no value is lost, while DuckLake
itself also takes BIGINT to DOUBLE. HUGEINT is left out, since DuckLake stores it as DOUBLE.
"""

from server.sql.letter_case import folded
from server.sql.quoting import identifier, literal
from server.sql.type_names import TypeName

_SIGNED = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}  # bits of the greatest value
_UNSIGNED = {"UTINYINT": 8, "USMALLINT": 16, "UINTEGER": 32, "UBIGINT": 64}
_BITS = _SIGNED | _UNSIGNED
_DIGITS = {7: 3, 8: 3, 15: 5, 16: 5, 31: 10, 32: 10, 63: 19, 64: 20}
_MANTISSA_BITS = {"FLOAT": 24, "DOUBLE": 53}
_TIMES = ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP")  # each holds the ones before it
_ANY_TIME = frozenset({*_TIMES, "TIMESTAMP_NS"})
_NESTED = frozenset({"STRUCT", "LIST", "MAP", "ARRAY", "UNION"})
NOT_AS_TEXT = _NESTED | {"BLOB", "GEOMETRY", "BIT"}


def lossless(source: TypeName, target: TypeName) -> bool:
    """Whether a scalar of type target holds every value of type source, exactly."""
    if source == target:
        return True
    if source.name in _BITS:
        return _integer_fits(source.name, target)
    match source, target:
        case TypeName("FLOAT"), TypeName("DOUBLE"):
            return True
        case TypeName("DECIMAL", (p, s)), TypeName("DECIMAL", (q, t)):
            return int(t) >= int(s) and int(q) - int(t) >= int(p) - int(s)
    if source.name in _TIMES and target.name in _TIMES:
        return _TIMES.index(source.name) <= _TIMES.index(target.name)
    return False


def assignable(source: TypeName, target: TypeName) -> bool:
    """Whether values of type source may be stored as target without a look at them: exactly, as text, or as the nearest
    number, as SQL assigns an exact number to an approximate one. A time is cut to the column's precision; text that is
    no UUID or JSON is an error of its own."""
    if lossless(source, target):
        return True
    match source.name, target.name:
        case name, "VARCHAR":
            return name not in NOT_AS_TEXT
        case name, "FLOAT" | "DOUBLE":
            return name in _BITS or name == "DECIMAL"
        case "VARCHAR", "UUID" | "JSON":
            return True
        case name, "TIMESTAMP" if name in _ANY_TIME:
            return True
        case "STRUCT", "STRUCT":
            there = {folded(name): kind for name, kind in target.children}
            return all(
                folded(name) in there and assignable(kind, there[folded(name)]) for name, kind in source.children
            )
        case ("LIST", "LIST") | ("MAP", "MAP"):
            pairs = zip(source.children, target.children, strict=True)
            return all(assignable(one, other) for (_, one), (_, other) in pairs)
    return False


def widened(table: TypeName, new: TypeName) -> TypeName | None:
    """The type that a column of type table can be altered to, and that takes all values of both; None if there is none.
    It is `table` itself if that takes them already."""
    if assignable(new, table):
        return table
    if lossless(table, new):
        return new
    match table.name, new.name:
        case "STRUCT", "STRUCT":
            return _widened_struct(table, new)
        case ("LIST", "LIST") | ("MAP", "MAP"):
            pairs = zip(table.children, new.children, strict=True)
            parts = [widened(one, other) for (_, one), (_, other) in pairs]
            found = [part for part in parts if part is not None]
            return _nested(table.name, [("", part) for part in found]) if len(found) == len(parts) else None
    return None


def comparable(one: TypeName, other: TypeName) -> bool:
    """Whether a column of one type may be a renamed one of the other."""
    return widened(one, other) is not None or widened(other, one) is not None


def type_text(kind: TypeName) -> str:
    """The type in SQL."""
    match kind:
        case TypeName("STRUCT" | "UNION" as name, (), members):
            return f"{name}({', '.join(f'{identifier(member)} {type_text(part)}' for member, part in members)})"
        case TypeName("ENUM", labels):
            return f"ENUM({', '.join(map(literal, labels))})"
        case TypeName("ARRAY", (size,), ((_, item),)):
            return f"{type_text(item)}[{size}]"
        case TypeName("LIST", (), ((_, item),)):
            return f"{type_text(item)}[]"
        case TypeName("MAP", (), ((_, key), (_, value))):
            return f"MAP({type_text(key)}, {type_text(value)})"
        case TypeName(name, arguments) if arguments:
            return f"{name}({','.join(arguments)})"
    return kind.name


def _integer_fits(source: str, target: TypeName) -> bool:
    bits = _BITS[source]
    if target.name in _MANTISSA_BITS:
        return bits <= _MANTISSA_BITS[target.name]
    if target.name == "DECIMAL":
        precision, scale = map(int, target.arguments)
        return precision - scale >= _DIGITS[bits]
    return _BITS.get(target.name, 0) >= bits and (source in _UNSIGNED or target.name in _SIGNED)


def _widened_struct(table: TypeName, new: TypeName) -> TypeName | None:
    """The fields of the table, widened, then those that only the new data have."""
    arriving = {folded(name): (name, kind) for name, kind in new.children}
    members: list[tuple[str, TypeName]] = []
    for name, kind in table.children:
        _, other = arriving.pop(folded(name), (name, kind))
        part = widened(kind, other)
        if part is None:
            return None
        members.append((name, part))
    return _nested("STRUCT", members + list(arriving.values()))


def _nested(name: str, children: list[tuple[str, TypeName]]) -> TypeName:
    return TypeName(name, (), tuple(children), 1 + max(kind.depth for _, kind in children))
