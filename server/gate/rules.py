"""What nobody may touch, administrators included.

DuckDB has no privilege boundary of its own: these schemas, catalogs and functions would let a statement forge or drop
the record of what was done. Names are compared in lower case, as DuckDB does.
"""

from collections.abc import Sequence

from server.engine.location import LAKE
from server.errors import PermissionDenied

READ_ONLY_SCHEMAS = frozenset({"catalog"})
CLOSED_SCHEMAS = frozenset({"vectors", "deleted", "__cache"})
READ_ONLY_CATALOGS = frozenset({"memory", "system"})  # our macros are there, for all sessions
# Closed under every schema, since a view's text is resolved in the schema of whoever reads it.
HIDDEN_TABLES = frozenset({"principal_events", "api_key_events"})  # hashes of passwords and keys
RESERVED_PREFIX = "__raw__"  # views of a dataset with its deleted rows
METADATA_PREFIX = "__ducklake_metadata_"
SERVER_VIEWS = frozenset({"duckdb_logs", "duckdb_databases", "pragma_database_list"})  # addresses, others' statements

# Built-in table functions that anyone may name; every other built-in one is refused, a new one of DuckDB's included.
TABLE_FUNCTIONS = frozenset(
    """duckdb_columns duckdb_constraints duckdb_dependencies duckdb_functions duckdb_keywords duckdb_schemas
    duckdb_tables duckdb_types duckdb_views duckdb_settings duckdb_memory generate_series range unnest json_each
    json_tree repeat repeat_row pragma_table_info pragma_version pragma_show pg_timezone_names icu_calendar_names
    test_all_types summary snapshots current_snapshot table_changes table_insertions table_deletions""".split()
)
FILE_FUNCTIONS = frozenset(
    """read_csv read_csv_auto read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson
    read_ndjson_auto read_ndjson_objects read_parquet parquet_scan read_text read_blob glob sniff_csv
    parquet_metadata parquet_schema parquet_file_metadata parquet_kv_metadata""".split()
)
CHANGE_FUNCTIONS = frozenset({"table_changes", "table_insertions", "table_deletions"})  # they name a table as text
# The last two lines are DuckLake's: `lakehouse.options()` and the like.
CLOSED_FUNCTIONS = frozenset(
    """getenv getvariable query query_table json_execute_serialized_sql json_serialize_plan which_secret write_log
    current_query histogram_values
    merge_adjacent_files set_commit_message set_option options settings table_info last_committed_snapshot
    add_data_files expire_snapshots cleanup_old_files delete_orphaned_files rewrite_data_files flush_inlined_data
    """.split()
)
CLOSED_PREFIXES = ("__", "ducklake_", "postgres_", "pg_", "enable_", "disable_", "duckdb_secret", "duckdb_log")
OPEN_PREFIXED = frozenset({"pg_timezone_names", "pg_typeof"})


def check_name(name: str) -> None:
    """Raise PermissionDenied for a name that is closed wherever it stands."""
    lowered = name.lower()
    if lowered.startswith(METADATA_PREFIX):
        raise PermissionDenied("DuckLake's own metadata is closed: read catalog.datasets, catalog.columns and the like")
    if lowered in HIDDEN_TABLES or lowered in SERVER_VIEWS:
        raise PermissionDenied(f"{name} is closed")


def check_schema(name: str) -> None:
    """Raise PermissionDenied for a schema that statements don't reach."""
    if name.lower() in CLOSED_SCHEMAS:
        raise PermissionDenied(f"schema {name.lower()} is reached through functions and operations only")


def check_table(catalog: str, schema: str, table: str) -> None:
    """Raise PermissionDenied if nobody may read this table. Empty strings: not given."""
    for name in (catalog, schema, table):
        check_name(name)
    # In a two-part name the first part may be a catalog or a schema.
    check_schema(schema)
    check_schema(catalog)


def check_written(names: Sequence[str], session_schema: str, is_schema: bool = False) -> None:
    """Raise PermissionDenied if nobody may write this object. names: its parts, outermost first, as they were given."""
    parts = [name.lower() for name in names]
    for part in parts:
        check_name(part)
    if parts and parts[-1].startswith(RESERVED_PREFIX):
        raise PermissionDenied(f"names that begin with {RESERVED_PREFIX} are the server's")
    around = parts if is_schema else parts[:-1]
    if len(parts) > 1 and parts[0] in READ_ONLY_CATALOGS:
        raise PermissionDenied(f"catalog {parts[0]} is the server's: objects are in {LAKE} or temporary")
    if not is_schema and (not around or around == [LAKE]):
        around = [*around, session_schema.lower()]
    for part in around:
        check_schema(part)
        if part in READ_ONLY_SCHEMAS:
            raise PermissionDenied(f"schema {part} is written by operations only: see catalog.actions")


def check_function(name: str) -> None:
    """Raise PermissionDenied for a scalar or table function that nobody may call."""
    lowered = name.lower()
    if lowered in CLOSED_FUNCTIONS or (lowered.startswith(CLOSED_PREFIXES) and lowered not in OPEN_PREFIXED):
        raise PermissionDenied(f"function {name} is closed")
