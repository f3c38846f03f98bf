"""The Arrow type that DuckDB's Python client exports for a DuckDB type, worked out from the type's name alone.

So a schema can be announced (GetTables, GetSchema, prepared statements) without running anything. Measured against
DuckDB 1.5.5 with its default export settings; `tests/flight/test_types.py` compares type by type.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import pyarrow as pa

from server.errors import Unsupported
from server.sql.type_names import TypeName, parse

ArrowField: TypeAlias = "pa.Field[Any]"

_SCALARS: dict[str, pa.DataType] = {
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(),
    "USMALLINT": pa.uint16(),
    "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(),
    # 39 digits can be needed; DuckDB announces 38, and values beyond them fail there.
    "HUGEINT": pa.decimal128(38, 0),
    "UHUGEINT": pa.decimal128(38, 0),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "JSON": pa.string(),
    "UUID": pa.string(),
    "BLOB": pa.binary(),
    "BIT": pa.binary(),
    "GEOMETRY": pa.binary(),
    "BIGNUM": pa.opaque(pa.binary(), "bignum", "DuckDB"),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIME_NS": pa.time64("ns"),
    "TIME WITH TIME ZONE": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP_S": pa.timestamp("s"),
    "TIMESTAMP_MS": pa.timestamp("ms"),
    "TIMESTAMP_NS": pa.timestamp("ns"),
    "INTERVAL": pa.month_day_nano_interval(),
    # DuckDB turns an untyped NULL column into INTEGER before it leaves.
    "NULL": pa.int32(),
}
_GEOMETRY_METADATA = {b"ARROW:extension:metadata": b"{}", b"ARROW:extension:name": b"geoarrow.wkb"}


def arrow_type(duckdb_type: str, time_zone: str = "UTC") -> pa.DataType:
    """Return the Arrow type of a DuckDB type as DESCRIBE prints it, such as `STRUCT(a INTEGER, "b c" VARCHAR[])`.

    time_zone: the session's TimeZone setting; it is part of the Arrow type of TIMESTAMP WITH TIME ZONE.
    Raises Unsupported if the name can't be read, or if DuckDB has no Arrow form for the type (VARIANT, TYPE).
    """
    exported: pa.DataType = _anonymous(duckdb_type, time_zone).type
    return exported


def arrow_field(name: str, duckdb_type: str, time_zone: str = "UTC") -> ArrowField:
    """Return the nullable field that DuckDB exports for a result column: like arrow_type, with GEOMETRY's metadata.

    The coordinate system of a GEOMETRY('OGC:CRS84') is missing in that metadata; DuckDB spells it out as JSON.
    """
    return _anonymous(duckdb_type, time_zone).with_name(name)


@lru_cache(maxsize=4096)
def _anonymous(duckdb_type: str, time_zone: str) -> ArrowField:
    try:
        return _field("", parse(duckdb_type), time_zone)
    except (ValueError, OverflowError):  # a size, precision or scale that is no number, or out of bounds
        raise Unsupported(f"type {duckdb_type[:80]!r} is not a DuckDB type") from None


def _field(name: str, parsed: TypeName, time_zone: str) -> ArrowField:
    metadata = _GEOMETRY_METADATA if parsed.name == "GEOMETRY" else None
    return pa.field(name, _type(parsed, time_zone), metadata=metadata)


def _type(parsed: TypeName, time_zone: str) -> pa.DataType:
    match parsed:
        case TypeName(name, (), ()) if name in _SCALARS:
            return _SCALARS[name]
        case TypeName("GEOMETRY", (_coordinate_system,)):
            return pa.binary()
        case TypeName("TIMESTAMP WITH TIME ZONE", ()):
            return pa.timestamp("us", tz=time_zone)
        case TypeName("DECIMAL", (precision, scale)):
            return pa.decimal128(int(precision), int(scale))
        case TypeName("ENUM", labels) if labels:
            return _enum(len(labels))
        case TypeName("LIST", (), ((_, item),)):
            return pa.list_(_field("l", item, time_zone))
        case TypeName("ARRAY", (size,), ((_, item),)):
            return pa.list_(_field("", item, time_zone), int(size))
        case TypeName("MAP", (), ((_, key), (_, value))):
            return _map(_field("key", key, time_zone), _field("value", value, time_zone))
        case TypeName("STRUCT", (), members) if members:
            return pa.struct([_field(name, member, time_zone) for name, member in members])
        case TypeName("UNION", (), members) if members:
            return pa.sparse_union([_field(name, member, time_zone) for name, member in members])
    raise Unsupported(f"DuckDB type {parsed.name!r} has no Arrow form: cast the column, for example to VARCHAR")


def _map(key: ArrowField, value: ArrowField) -> pa.DataType:
    # The stubs know map_() of types only; fields are what keeps GEOMETRY's metadata.
    return pa.map_(key.with_nullable(False), value)  # type: ignore[call-overload, no-any-return]


def _enum(labels: int) -> pa.DataType:
    """DuckDB keeps the smallest unsigned integer that can count the labels; 256 of them already take two bytes."""
    if labels < 1 << 8:
        return pa.dictionary(pa.uint8(), pa.string())
    return pa.dictionary(pa.uint16() if labels < 1 << 16 else pa.uint32(), pa.string())
