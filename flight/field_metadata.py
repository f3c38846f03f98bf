"""The ARROW:FLIGHT:SQL:* metadata of result and table columns, from which JDBC and BI tools take names and sizes.

Power BI needs TYPE_NAME, JDBC's getColumns and ResultSetMetaData read all of it. FlightInfo's schema must equal
DoGet's, so whoever annotates the one annotates the other with the same arguments.
"""

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
from pyarrow import types as pt

from server.sql.arrow_types import ArrowField

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

_DIGITS: dict[pa.DataType, int] = {
    pa.int8(): 3,
    pa.int16(): 5,
    pa.int32(): 10,
    pa.int64(): 19,
    pa.uint8(): 3,
    pa.uint16(): 5,
    pa.uint32(): 10,
    pa.uint64(): 20,
}
_FRACTION_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def annotate(
    schema: pa.Schema,
    duckdb_types: Sequence[str] | None,
    *,
    table: str | None = None,
    schema_name: str | None = None,
    catalog: str | None = None,
    remarks: Sequence[str | None] | None = None,
) -> pa.Schema:
    """Return the schema with Flight SQL's metadata on each top-level field; other metadata is kept.

    duckdb_types: one type name for each field, as DESCRIBE prints it; without it TYPE_NAME is left out.
    table, schema_name, catalog: set for the columns of a table; a column without a table counts as read-only.
    remarks: one description or None for each field.
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
    fields = [_annotated(field, owner, name, remark) for field, name, remark in columns]
    return pa.schema(fields).with_metadata(schema.metadata)


def _annotated(field: ArrowField, owner: dict[bytes, bytes], type_name: str | None, remark: str | None) -> ArrowField:
    added = dict(_of_type(field.type, TABLE_NAME in owner)) | owner
    if type_name is not None:
        added[TYPE_NAME] = type_name.encode()
    if remark is not None:
        added[REMARKS] = remark.encode()
    return field.with_metadata({key: value for both in (field.metadata or {}, added) for key, value in both.items()})


@lru_cache(maxsize=1024)
def _of_type(arrow: pa.DataType, in_table: bool) -> tuple[tuple[bytes, bytes], ...]:
    """What follows from the type alone. Fixed per type, and a catalog has many columns of few types."""
    found = {
        IS_AUTO_INCREMENT: b"0",
        IS_CASE_SENSITIVE: b"1" if pt.is_string(arrow) or pt.is_dictionary(arrow) else b"0",
        IS_READ_ONLY: b"0" if in_table else b"1",
        IS_SEARCHABLE: b"1",
    }
    precision, scale = _size(arrow)
    if precision is not None:
        found[PRECISION] = str(precision).encode()
    if scale is not None:
        found[SCALE] = str(scale).encode()
    return tuple(found.items())


def _size(arrow: pa.DataType) -> tuple[int | None, int | None]:
    """Decimal digits and scale of exact numbers; fraction digits of times.

    Neither for floating point: JDBC says radix 10 beside whatever it reads here, and their precision is in bits.
    """
    if (digits := _DIGITS.get(arrow)) is not None:
        return digits, 0
    if isinstance(arrow, pa.Decimal128Type):
        return arrow.precision, arrow.scale
    if isinstance(arrow, pa.TimestampType | pa.Time64Type):
        return None, _FRACTION_DIGITS[arrow.unit]
    return None, None
