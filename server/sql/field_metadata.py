"""The ARROW:FLIGHT:SQL:* metadata of result and table columns, from which JDBC and BI tools take names and sizes.

Power BI needs TYPE_NAME; JDBC's getColumns and ResultSetMetaData read all of it. FlightInfo's schema must equal
DoGet's, so a schema is annotated once, where it is made, and kept with its annotations.
"""

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
from pyarrow import types as pt

from server.sql.arrow_types import ArrowField
from server.sql.plain_types import without_dictionaries

_PREFIX = b"ARROW:FLIGHT:SQL:"
CATALOG_NAME = _PREFIX + b"CATALOG_NAME"
DB_SCHEMA_NAME = _PREFIX + b"DB_SCHEMA_NAME"
TABLE_NAME = _PREFIX + b"TABLE_NAME"
TYPE_NAME = _PREFIX + b"TYPE_NAME"
PRECISION = _PREFIX + b"PRECISION"
SCALE = _PREFIX + b"SCALE"
IS_AUTO_INCREMENT = _PREFIX + b"IS_AUTO_INCREMENT"
IS_CASE_SENSITIVE = _PREFIX + b"IS_CASE_SENSITIVE"
IS_READ_ONLY = _PREFIX + b"IS_READ_ONLY"
IS_SEARCHABLE = _PREFIX + b"IS_SEARCHABLE"
REMARKS = _PREFIX + b"REMARKS"

TYPE_NAME_CHARS_MAX = 1000  # the labels of an ENUM or the members of a STRUCT can fill megabytes

# As in GetXdbcTypeInfo: digits of numbers, characters of times as text. Types without a bound are left out.
_SIZES: dict[str, tuple[int, int | None]] = {
    "BOOLEAN": (1, None),
    "TINYINT": (3, 0),
    "UTINYINT": (3, 0),
    "SMALLINT": (5, 0),
    "USMALLINT": (5, 0),
    "INTEGER": (10, 0),
    "UINTEGER": (10, 0),
    "BIGINT": (19, 0),
    "UBIGINT": (20, 0),
    "HUGEINT": (38, 0),
    "UHUGEINT": (38, 0),
    "UUID": (36, None),
    "DATE": (10, None),
    "TIME": (15, 6),
    "TIME_NS": (18, 9),
    "TIME WITH TIME ZONE": (24, 6),
    "TIMESTAMP_S": (19, 0),
    "TIMESTAMP_MS": (23, 3),
    "TIMESTAMP": (26, 6),
    "TIMESTAMP_NS": (29, 9),
    "TIMESTAMP WITH TIME ZONE": (35, 6),
}
# For columns whose DuckDB type nobody tells, such as those of operations.
_NAMES: dict[pa.DataType, str] = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.time64("ns"): "TIME_NS",
    pa.timestamp("s"): "TIMESTAMP_S",
    pa.timestamp("ms"): "TIMESTAMP_MS",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("ns"): "TIMESTAMP_NS",
    pa.month_day_nano_interval(): "INTERVAL",
}


def result_schema(schema: pa.Schema, duckdb_types: Sequence[str]) -> pa.Schema:
    """The schema of a result on the wire: what DuckDB exports, without dictionaries and annotated.

    duckdb_types: one type name for each field, as DESCRIBE prints it.
    """
    return annotate(without_dictionaries(schema), duckdb_types)


def annotate(
    schema: pa.Schema,
    duckdb_types: Sequence[str] | None,
    *,
    table: str | None = None,
    schema_name: str | None = None,
    catalog: str | None = None,
    writable: bool = False,
    remarks: Sequence[str | None] | None = None,
) -> pa.Schema:
    """Return the schema with Flight SQL's metadata on each top-level field; other metadata is kept.

    duckdb_types: one type name for each field, as DESCRIBE prints it; without it the names follow from the Arrow types.
    table, schema_name, catalog: set for the columns of a table. writable: whether statements may change them.
    remarks: one description or None for each field. For tables only: JDBC shows a result's remarks as its column names.
    Raises ValueError if a sequence is not as long as the schema.
    """
    owner = {
        key: value.encode()
        for key, value in ((CATALOG_NAME, catalog), (DB_SCHEMA_NAME, schema_name), (TABLE_NAME, table))
        if value is not None
    }
    nothing: list[None] = [None] * len(schema)
    types = nothing if duckdb_types is None else duckdb_types
    columns = zip(schema, types, nothing if remarks is None else remarks, strict=True)
    fields = [_annotated(field, owner, writable, name, remark) for field, name, remark in columns]
    return pa.schema(fields).with_metadata(schema.metadata)


def _annotated(
    field: ArrowField, owner: dict[bytes, bytes], writable: bool, type_name: str | None, remark: str | None
) -> ArrowField:
    added = dict(_of_type(field.type, type_name, writable)) | owner
    if remark is not None:
        added[REMARKS] = remark.encode()
    return field.with_metadata({key: value for both in (field.metadata or {}, added) for key, value in both.items()})


@lru_cache(maxsize=1024)
def _of_type(arrow: pa.DataType, type_name: str | None, writable: bool) -> tuple[tuple[bytes, bytes], ...]:
    """What follows from the type alone. Fixed per type, and a catalog has many columns of few types."""
    name = type_name or _name(arrow)
    found = {
        IS_AUTO_INCREMENT: b"0",
        IS_CASE_SENSITIVE: b"1" if name != "UUID" and (pt.is_string(arrow) or pt.is_dictionary(arrow)) else b"0",
        IS_READ_ONLY: b"0" if writable else b"1",
        IS_SEARCHABLE: b"1",
    }
    if name is not None:
        found[TYPE_NAME] = _bounded(name).encode()
    precision, scale = _size(arrow, name)
    if precision is not None:
        found[PRECISION] = str(precision).encode()
    if scale is not None:
        found[SCALE] = str(scale).encode()
    return tuple(found.items())


def _name(arrow: pa.DataType) -> str | None:
    """The DuckDB type that an Arrow type stands for; None for the nested types that nobody needs here."""
    match arrow:
        case pa.Decimal128Type():
            return f"DECIMAL({arrow.precision},{arrow.scale})"
        case pa.TimestampType() if arrow.tz is not None:
            return "TIMESTAMP WITH TIME ZONE"
        case pa.ListType() if (item := _name(arrow.value_type)) is not None:
            return f"{item}[]"
    return _NAMES.get(arrow)


def _bounded(type_name: str) -> str:
    """A type as it is printed, or the word that it begins with where that would be long."""
    if len(type_name) <= TYPE_NAME_CHARS_MAX:
        return type_name
    return "LIST" if type_name.endswith("[]") else type_name.partition("(")[0]


def _size(arrow: pa.DataType, type_name: str | None) -> tuple[int | None, int | None]:
    """Precision and scale: see _SIZES. Neither for floating point: JDBC says radix 10 beside whatever it reads here,
    and their precision is in bits."""
    if isinstance(arrow, pa.Decimal128Type):
        return arrow.precision, arrow.scale
    return _SIZES.get(type_name or "", (None, None))
