"""What nobody may touch, administrators included.

DuckDB has no privilege boundary of its own: these schemas, catalogs and functions would let a statement forge or drop
the record of what was done.
"""

from pathlib import Path

from server.engine.location import LAKE
from server.errors import PermissionDenied

READ_ONLY_SCHEMAS = frozenset({"catalog"})
CLOSED_SCHEMAS = frozenset({"vectors", "deleted"})
HIDDEN_TABLES = frozenset({"principal_events"})  # password hashes
METADATA_PREFIX = "__ducklake_metadata_"
CATALOGS = frozenset({"", LAKE, "memory", "temp", "system", "main", "catalog"})

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
CLOSED_FUNCTIONS = frozenset(
    """getenv getvariable query query_table json_execute_serialized_sql which_secret write_log set_commit_message
    set_option current_query""".split()
)
CLOSED_PREFIXES = ("__", "ducklake_", "postgres_", "pg_", "enable_", "disable_", "duckdb_secret", "duckdb_log")
OPEN_PREFIXED = frozenset({"pg_timezone_names", "pg_typeof"})


def check_table(catalog: str, schema: str, table: str, write: bool) -> None:
    """Raise PermissionDenied if nobody may read (or write) this table. Empty strings: not given."""
    names = [n.lower() for n in (catalog, schema, table)]
    if any(n.startswith(METADATA_PREFIX) for n in names):
        raise PermissionDenied("DuckLake's own metadata is closed: read catalog.datasets, catalog.columns and the like")
    # In a two-part name the first part may be a catalog or a schema.
    inner = names[1]
    if inner in CLOSED_SCHEMAS or (names[0] in CLOSED_SCHEMAS and not inner):
        raise PermissionDenied(f"schema {inner or names[0]} is reached through functions and operations only")
    if inner in READ_ONLY_SCHEMAS and names[2] in HIDDEN_TABLES:
        raise PermissionDenied(f"{inner}.{names[2]} is closed")
    if write and (inner in READ_ONLY_SCHEMAS or (names[0] in READ_ONLY_SCHEMAS and not inner)):
        raise PermissionDenied("schema catalog is written by operations only: see catalog.actions")


def check_function(name: str) -> None:
    """Raise PermissionDenied for a scalar or table function that nobody may call."""
    lowered = name.lower()
    if lowered in CLOSED_FUNCTIONS or (lowered.startswith(CLOSED_PREFIXES) and lowered not in OPEN_PREFIXED):
        raise PermissionDenied(f"function {name} is closed")


def check_path(path: str, folders: tuple[Path, ...]) -> None:
    """Raise PermissionDenied unless the path, links resolved, lies in one of the folders. Globs end at their first
    wildcard: what is before it must lie inside."""
    fixed = path
    for wildcard in "*?[":
        fixed = fixed.split(wildcard, 1)[0]
    target = Path(fixed).resolve()
    if "://" in path or not any(target.is_relative_to(folder) for folder in folders):
        allowed = " or ".join(str(folder) for folder in folders)
        raise PermissionDenied(f"file {path!r} is not under {allowed}")
