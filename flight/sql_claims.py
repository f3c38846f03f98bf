"""What this server and its SQL can do, code by code: each line true of DuckDB and DuckLake as they are served here.

`flight/sql_info.py` turns it into the answer to GetSqlInfo. Clients act on it: ADBC reads it when it connects and
counts on the transactions it promises, JDBC answers DatabaseMetaData from it, ODBC fails where a code is missing. So
all published codes are here, and only those: the JDBC driver fails on a code that it doesn't know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flight.gen import flight_sql_info_pb2 as info
from flight.metadata.patterns import ESCAPE

STRING, BOOL, BIGINT, INT32, STRINGS, MAP = range(6)
"""The children of the published union, in its order."""

Value: TypeAlias = tuple[int, Any]
"""Which child of the union, and what it holds."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What GetSqlInfo tells that depends on the build or the configuration. Zero stands for "no limit"."""

    version: str
    arrow_version: str
    keywords: Sequence[str] = ()
    numeric_functions: Sequence[str] = ()
    string_functions: Sequence[str] = ()
    system_functions: Sequence[str] = ()
    datetime_functions: Sequence[str] = ()
    statement_timeout_ms: int = 0
    transaction_timeout_ms: int = 0
    connections_max: int = 0
    statement_bytes_max: int = 0
    open_statements_max: int = 0


def claims(facts: ServerFacts) -> Mapping[int, Value]:
    """Return the value of every published code."""
    return {**_FIXED, **{code: (kind, read(facts)) for code, (kind, read) in _FROM_FACTS.items()}}


def _bits(*positions: int) -> int:
    """The published enumerations count bit positions from zero."""
    return sum(1 << position for position in positions)


def _conversions() -> dict[int, list[int]]:
    """CAST in DuckDB, which goes by families: everything to and from text, numbers among each other, dates to times."""
    numbers = [
        *(info.SQL_CONVERT_BIT, info.SQL_CONVERT_TINYINT, info.SQL_CONVERT_SMALLINT, info.SQL_CONVERT_INTEGER),
        *(info.SQL_CONVERT_BIGINT, info.SQL_CONVERT_REAL, info.SQL_CONVERT_FLOAT),
        *(info.SQL_CONVERT_DECIMAL, info.SQL_CONVERT_NUMERIC),
    ]
    texts = [info.SQL_CONVERT_CHAR, info.SQL_CONVERT_VARCHAR, info.SQL_CONVERT_LONGVARCHAR]
    binaries = [info.SQL_CONVERT_BINARY, info.SQL_CONVERT_VARBINARY, info.SQL_CONVERT_LONGVARBINARY]
    intervals = [info.SQL_CONVERT_INTERVAL_DAY_TIME, info.SQL_CONVERT_INTERVAL_YEAR_MONTH]
    date, time, timestamp = info.SQL_CONVERT_DATE, info.SQL_CONVERT_TIME, info.SQL_CONVERT_TIMESTAMP
    everything = [*numbers, *texts, *binaries, *intervals, date, time, timestamp]
    targets = [
        *((source, [*numbers, *texts]) for source in numbers),
        *((source, everything) for source in texts),
        *((source, [*binaries, *texts]) for source in binaries),
        *((source, [*intervals, *texts]) for source in intervals),
        (date, [date, timestamp, *texts]),
        (time, [time, *texts]),
        (timestamp, [date, time, timestamp, *texts]),
    ]
    return {source: sorted(converted) for source, converted in sorted(targets)}


_FROM_FACTS: Mapping[int, tuple[int, Callable[[ServerFacts], Any]]] = {
    info.FLIGHT_SQL_SERVER_VERSION: (STRING, lambda facts: facts.version),
    info.FLIGHT_SQL_SERVER_ARROW_VERSION: (STRING, lambda facts: facts.arrow_version),
    info.FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT: (INT32, lambda facts: facts.statement_timeout_ms),
    info.FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT: (INT32, lambda facts: facts.transaction_timeout_ms),
    info.SQL_KEYWORDS: (STRINGS, lambda facts: facts.keywords),
    info.SQL_NUMERIC_FUNCTIONS: (STRINGS, lambda facts: facts.numeric_functions),
    info.SQL_STRING_FUNCTIONS: (STRINGS, lambda facts: facts.string_functions),
    info.SQL_SYSTEM_FUNCTIONS: (STRINGS, lambda facts: facts.system_functions),
    info.SQL_DATETIME_FUNCTIONS: (STRINGS, lambda facts: facts.datetime_functions),
    info.SQL_MAX_CONNECTIONS: (BIGINT, lambda facts: facts.connections_max),
    info.SQL_MAX_STATEMENT_LENGTH: (BIGINT, lambda facts: facts.statement_bytes_max),
    info.SQL_MAX_STATEMENTS: (BIGINT, lambda facts: facts.open_statements_max),
}

_UNLIMITED = (
    info.SQL_MAX_BINARY_LITERAL_LENGTH,
    info.SQL_MAX_CHAR_LITERAL_LENGTH,
    info.SQL_MAX_COLUMN_NAME_LENGTH,
    info.SQL_MAX_COLUMNS_IN_GROUP_BY,
    info.SQL_MAX_COLUMNS_IN_INDEX,
    info.SQL_MAX_COLUMNS_IN_ORDER_BY,
    info.SQL_MAX_COLUMNS_IN_SELECT,
    info.SQL_MAX_COLUMNS_IN_TABLE,
    info.SQL_MAX_CURSOR_NAME_LENGTH,
    info.SQL_MAX_INDEX_LENGTH,
    info.SQL_DB_SCHEMA_NAME_LENGTH,
    info.SQL_MAX_PROCEDURE_NAME_LENGTH,
    info.SQL_MAX_CATALOG_NAME_LENGTH,
    info.SQL_MAX_ROW_SIZE,
    info.SQL_MAX_TABLE_NAME_LENGTH,
    info.SQL_MAX_TABLES_IN_SELECT,
    info.SQL_MAX_USERNAME_LENGTH,
)

# Single choices whose published type is int32 are bigint where the JDBC driver and the reference servers have them so.
_FIXED: Mapping[int, Value] = {
    info.FLIGHT_SQL_SERVER_NAME: (STRING, "Lakehouse"),
    info.FLIGHT_SQL_SERVER_READ_ONLY: (BOOL, False),
    info.FLIGHT_SQL_SERVER_SQL: (BOOL, True),
    info.FLIGHT_SQL_SERVER_SUBSTRAIT: (BOOL, False),
    info.FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION: (STRING, None),
    info.FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION: (STRING, None),
    info.FLIGHT_SQL_SERVER_TRANSACTION: (INT32, info.SQL_SUPPORTED_TRANSACTION_TRANSACTION),
    info.FLIGHT_SQL_SERVER_CANCEL: (BOOL, True),
    info.FLIGHT_SQL_SERVER_BULK_INGESTION: (BOOL, True),
    info.FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED: (BOOL, True),
    # Names
    info.SQL_DDL_CATALOG: (BOOL, False),
    info.SQL_DDL_SCHEMA: (BOOL, True),
    info.SQL_DDL_TABLE: (BOOL, True),
    info.SQL_IDENTIFIER_CASE: (BIGINT, info.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
    info.SQL_IDENTIFIER_QUOTE_CHAR: (STRING, '"'),
    # Quoting keeps the case that is shown; names are compared without it all the same.
    info.SQL_QUOTED_IDENTIFIER_CASE: (BIGINT, info.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
    info.SQL_ALL_TABLES_ARE_SELECTABLE: (BOOL, True),  # metadata lists only what the caller may read
    info.SQL_SEARCH_STRING_ESCAPE: (STRING, ESCAPE),
    info.SQL_EXTRA_NAME_CHARACTERS: (STRING, "$"),
    info.SQL_SCHEMA_TERM: (STRING, "schema"),
    info.SQL_PROCEDURE_TERM: (STRING, "operation"),
    info.SQL_CATALOG_TERM: (STRING, "catalog"),
    info.SQL_CATALOG_AT_START: (BOOL, True),
    # Operations take names as arguments, and the lake has no indexes.
    info.SQL_SCHEMAS_SUPPORTED_ACTIONS: (INT32, 0),
    info.SQL_CATALOGS_SUPPORTED_ACTIONS: (INT32, 0),
    # The language
    info.SQL_NULL_ORDERING: (BIGINT, info.SQL_NULLS_SORTED_AT_END),
    info.SQL_SUPPORTS_COLUMN_ALIASING: (BOOL, True),
    info.SQL_NULL_PLUS_NULL_IS_NULL: (BOOL, True),
    info.SQL_SUPPORTS_CONVERT: (MAP, list(_conversions().items())),
    info.SQL_SUPPORTS_TABLE_CORRELATION_NAMES: (BOOL, True),
    info.SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES: (BOOL, False),  # true would mean: must differ from tables
    info.SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY: (BOOL, True),
    info.SQL_SUPPORTS_ORDER_BY_UNRELATED: (BOOL, True),
    info.SQL_SUPPORTED_GROUP_BY: (INT32, _bits(info.SQL_GROUP_BY_UNRELATED, info.SQL_GROUP_BY_BEYOND_SELECT)),
    info.SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE: (BOOL, True),
    info.SQL_SUPPORTS_NON_NULLABLE_COLUMNS: (BOOL, True),
    info.SQL_SUPPORTED_GRAMMAR: (INT32, _bits(info.SQL_MINIMUM_GRAMMAR, info.SQL_CORE_GRAMMAR)),
    info.SQL_ANSI92_SUPPORTED_LEVEL: (INT32, _bits(info.ANSI92_ENTRY_SQL)),
    info.SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY: (BOOL, False),  # no keys and checks in DuckLake
    info.SQL_OUTER_JOINS_SUPPORT_LEVEL: (INT32, _bits(info.SQL_LIMITED_OUTER_JOINS, info.SQL_FULL_OUTER_JOINS)),
    info.SQL_SUPPORTED_POSITIONED_COMMANDS: (INT32, 0),
    info.SQL_SELECT_FOR_UPDATE_SUPPORTED: (BOOL, False),
    info.SQL_STORED_PROCEDURES_SUPPORTED: (BOOL, False),
    info.SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED: (BOOL, False),
    info.SQL_SUPPORTED_SUBQUERIES: (INT32, _bits(*info.SqlSupportedSubqueries.values())),
    info.SQL_CORRELATED_SUBQUERIES_SUPPORTED: (BOOL, True),
    info.SQL_SUPPORTED_UNIONS: (INT32, _bits(info.SQL_UNION, info.SQL_UNION_ALL)),
    info.SQL_NAMED_PARAMETERS_SUPPORTED: (BOOL, False),
    # Sizes
    **dict.fromkeys(_UNLIMITED, (BIGINT, 0)),
    info.SQL_MAX_ROW_SIZE_INCLUDES_BLOBS: (BOOL, True),
    # Transactions: DuckLake gives each one a snapshot and refuses conflicting writes at commit
    info.SQL_TRANSACTIONS_SUPPORTED: (BOOL, True),
    info.SQL_DEFAULT_TRANSACTION_ISOLATION: (BIGINT, info.SQL_TRANSACTION_REPEATABLE_READ),
    info.SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS: (INT32, _bits(info.SQL_TRANSACTION_REPEATABLE_READ)),
    info.SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT: (BOOL, False),
    info.SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED: (BOOL, False),
    info.SQL_SAVEPOINTS_SUPPORTED: (BOOL, False),
    # Results
    info.SQL_SUPPORTED_RESULT_SET_TYPES: (INT32, _bits(info.SQL_RESULT_SET_TYPE_FORWARD_ONLY)),
    info.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED: (INT32, 0),
    info.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY: (
        INT32,
        _bits(info.SQL_RESULT_SET_CONCURRENCY_READ_ONLY),
    ),
    info.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE: (INT32, 0),
    info.SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE: (INT32, 0),
    info.SQL_BATCH_UPDATES_SUPPORTED: (BOOL, True),
    info.SQL_LOCATORS_UPDATE_COPY: (BOOL, False),
}
