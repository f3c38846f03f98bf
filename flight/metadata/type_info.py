"""The answer to GetXdbcTypeInfo: the scalar types that a column of the lake can have.

Left out: BIT and BIGNUM, which DuckLake doesn't store, VARIANT, which DuckDB can't send as Arrow, and nested types,
which have no code in ODBC and JDBC.
"""

from dataclasses import astuple, dataclass

import pyarrow as pa

from flight.gen import flight_sql_info_pb2 as info
from flight.metadata.rows import schema_of, table_of

TYPE_INFO_SCHEMA = schema_of(
    pa.field("type_name", pa.string(), nullable=False),
    pa.field("data_type", pa.int32(), nullable=False),
    pa.field("column_size", pa.int32()),
    pa.field("literal_prefix", pa.string()),
    pa.field("literal_suffix", pa.string()),
    pa.field("create_params", pa.list_(pa.field("item", pa.string(), nullable=False))),
    pa.field("nullable", pa.int32(), nullable=False),
    pa.field("case_sensitive", pa.bool_(), nullable=False),
    pa.field("searchable", pa.int32(), nullable=False),
    pa.field("unsigned_attribute", pa.bool_()),
    pa.field("fixed_prec_scale", pa.bool_(), nullable=False),
    pa.field("auto_increment", pa.bool_()),
    pa.field("local_type_name", pa.string()),
    pa.field("minimum_scale", pa.int32()),
    pa.field("maximum_scale", pa.int32()),
    pa.field("sql_data_type", pa.int32(), nullable=False),
    pa.field("datetime_subcode", pa.int32()),
    pa.field("num_prec_radix", pa.int32()),
    pa.field("interval_precision", pa.int32()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeInfo:
    """One row; fields stand in the schema's order and mean what the published columns mean.

    column_size: decimal digits, bits (num_prec_radix 2) or characters, by the kind of type.
    """

    type_name: str
    data_type: int
    column_size: int | None = None
    literal_prefix: str | None = None
    literal_suffix: str | None = None
    create_params: tuple[str, ...] | None = None
    nullable: int = info.NULLABILITY_NULLABLE
    case_sensitive: bool = False
    searchable: int = info.SEARCHABLE_BASIC
    unsigned_attribute: bool | None = None
    fixed_prec_scale: bool = False
    auto_increment: bool | None = None
    local_type_name: str | None = None
    minimum_scale: int | None = None
    maximum_scale: int | None = None
    sql_data_type: int
    datetime_subcode: int | None = None
    num_prec_radix: int | None = None
    interval_precision: int | None = None


def type_info_table(data_type: int | None = None) -> pa.Table:
    """Return the types with this XDBC code, or all of them, sorted by code and then name."""
    rows = [row for row in TYPES if data_type is None or row.data_type == data_type]
    return table_of(TYPE_INFO_SCHEMA, map(astuple, rows))


def _exact(name: str, code: int, digits: int, scale_max: int = 0, *, unsigned: bool = False) -> TypeInfo:
    return TypeInfo(
        type_name=name,
        data_type=code,
        column_size=digits,
        create_params=("precision", "scale") if scale_max else None,
        unsigned_attribute=unsigned,
        auto_increment=False,
        minimum_scale=0,
        maximum_scale=scale_max,
        sql_data_type=code,
        num_prec_radix=10,
    )


def _floating(name: str, code: int, bits: int) -> TypeInfo:
    return TypeInfo(
        type_name=name,
        data_type=code,
        column_size=bits,
        unsigned_attribute=False,
        auto_increment=False,
        sql_data_type=code,
        num_prec_radix=2,
    )


def _text(name: str, code: int, characters: int, *, case_sensitive: bool = True, like: bool = True) -> TypeInfo:
    return TypeInfo(
        type_name=name,
        data_type=code,
        column_size=characters,
        literal_prefix="'",
        literal_suffix="'" if name == "VARCHAR" else f"'::{name}",
        case_sensitive=case_sensitive,
        searchable=info.SEARCHABLE_FULL if like else info.SEARCHABLE_BASIC,
        sql_data_type=code,
    )


def _datetime(name: str, code: int, subcode: int, characters: int, fraction_digits: int | None) -> TypeInfo:
    return TypeInfo(
        type_name=name,
        data_type=code,
        column_size=characters,
        literal_prefix=f"{name} '",
        literal_suffix="'",
        minimum_scale=fraction_digits,
        maximum_scale=fraction_digits,
        sql_data_type=info.XDBC_DATETIME,
        datetime_subcode=subcode,
    )


_LONGEST = 2**31 - 1  # the column's own limit; DuckDB's is beyond it
_INTERVAL = TypeInfo(
    type_name="INTERVAL",
    data_type=info.XDBC_INTERVAL,
    literal_prefix="INTERVAL '",
    literal_suffix="'",
    sql_data_type=info.XDBC_INTERVAL,
    # DuckDB's interval has months as well, for which no code covers both.
    datetime_subcode=info.XDBC_SUBCODE_DAY_TO_SECOND,
    interval_precision=10,
)

TYPES: tuple[TypeInfo, ...] = tuple(
    sorted(
        [
            TypeInfo(type_name="BOOLEAN", data_type=info.XDBC_BIT, column_size=1, sql_data_type=info.XDBC_BIT),
            _exact("TINYINT", info.XDBC_TINYINT, 3),
            _exact("SMALLINT", info.XDBC_SMALLINT, 5),
            _exact("INTEGER", info.XDBC_INTEGER, 10),
            _exact("BIGINT", info.XDBC_BIGINT, 19),
            _exact("UTINYINT", info.XDBC_TINYINT, 3, unsigned=True),
            _exact("USMALLINT", info.XDBC_SMALLINT, 5, unsigned=True),
            _exact("UINTEGER", info.XDBC_INTEGER, 10, unsigned=True),
            _exact("UBIGINT", info.XDBC_BIGINT, 20, unsigned=True),
            _exact("HUGEINT", info.XDBC_NUMERIC, 38),
            _exact("UHUGEINT", info.XDBC_NUMERIC, 38, unsigned=True),
            _exact("DECIMAL", info.XDBC_DECIMAL, 38, scale_max=38),
            _floating("FLOAT", info.XDBC_REAL, 24),
            _floating("DOUBLE", info.XDBC_DOUBLE, 53),
            _text("VARCHAR", info.XDBC_VARCHAR, _LONGEST),
            _text("JSON", info.XDBC_LONGVARCHAR, _LONGEST),
            _text("UUID", info.XDBC_CHAR, 36, case_sensitive=False, like=False),
            _text("BLOB", info.XDBC_VARBINARY, _LONGEST, case_sensitive=False, like=False),
            _text("GEOMETRY", info.XDBC_LONGVARBINARY, _LONGEST, case_sensitive=False, like=False),
            _datetime("DATE", info.XDBC_DATE, info.XDBC_SUBCODE_DATE, 10, None),
            _datetime("TIME", info.XDBC_TIME, info.XDBC_SUBCODE_TIME, 15, 6),
            _datetime("TIME WITH TIME ZONE", info.XDBC_TIME, info.XDBC_SUBCODE_TIME_WITH_TIMEZONE, 24, 6),
            _datetime("TIMESTAMP_S", info.XDBC_TIMESTAMP, info.XDBC_SUBCODE_TIMESTAMP, 19, 0),
            _datetime("TIMESTAMP_MS", info.XDBC_TIMESTAMP, info.XDBC_SUBCODE_TIMESTAMP, 23, 3),
            _datetime("TIMESTAMP", info.XDBC_TIMESTAMP, info.XDBC_SUBCODE_TIMESTAMP, 26, 6),
            _datetime("TIMESTAMP_NS", info.XDBC_TIMESTAMP, info.XDBC_SUBCODE_TIMESTAMP, 29, 9),
            _datetime(
                "TIMESTAMP WITH TIME ZONE", info.XDBC_TIMESTAMP, info.XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE, 35, 6
            ),
            _INTERVAL,
        ],
        key=lambda row: (row.data_type, row.type_name),
    )
)
