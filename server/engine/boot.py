"""Start DuckDB in the one order that is safe, and read back every setting that safety rests on.

Extensions load and the lake attaches first, because both need external access; then the folders that may be read or
written are named, everything else is closed, and the configuration is locked.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from server.config import Settings
from server.data_folder import DataFolder
from server.engine.extensions import check_version
from server.engine.location import LAKE, LakeLocation
from server.errors import StartupError
from server.sql.quoting import literal

METADATA = f"__ducklake_metadata_{LAKE}"

# Set before the lock and compared after it: DuckDB takes some settings silently in another form.
CLOSED: dict[str, bool] = {
    "python_enable_replacements": False,
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "enable_external_access": False,
    "lock_configuration": True,
}


def boot(settings: Settings, folder: DataFolder, location: LakeLocation) -> duckdb.DuckDBPyConnection:
    """Return the root connection. Raises StartupError naming what failed."""
    check_version()
    connection = duckdb.connect(":memory:", config={"custom_user_agent": "lakehouse"})
    try:
        _set_resources(connection, settings, folder)
        location.attach(connection)
        _set_retries(connection)
        _close(connection, [Path(location.data_path)] if not location.on_s3 else [], location, settings)
    except duckdb.Error as error:
        connection.close()
        raise StartupError(f"the lake can't be opened: {location.without_secrets(str(error))}") from None
    except StartupError:
        connection.close()
        raise
    _read_back(connection)
    return connection


def _set_resources(connection: duckdb.DuckDBPyConnection, settings: Settings, folder: DataFolder) -> None:
    connection.execute(f"SET temp_directory = {literal(str(folder.temp.resolve()))}")
    _set_size(connection, "max_temp_directory_size", "temp_bytes_max", settings.temp_bytes_max)
    if settings.threads:
        connection.execute(f"SET threads = {settings.threads}")
    _set_size(connection, "memory_limit", "memory", settings.memory or _default_memory())
    connection.execute("SET preserve_insertion_order = true")
    # DuckLake's bounds of a column can be too narrow, and this optimizer believes them: see decision 0012.
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    # How far DuckDB computes ahead of a reader: with the default of 1 MB its threads wait for the wire, and fetching
    # takes a third longer.
    connection.execute("SET streaming_buffer_size = '32MiB'")
    # What a thread has freed goes back to the system even if that thread has nothing more to do.
    connection.execute("SET allocator_background_threads = true")
    # The machine's own zone would become part of the Arrow type of every timestamp with zone.
    connection.execute("SET GLOBAL TimeZone = 'UTC'")


def _set_retries(connection: duckdb.DuckDBPyConnection) -> None:
    """A commit that meets another one is tried again by DuckLake, after a wait that others sit through: commits of this
    process go one at a time. The waits grow from 2 ms to 1 s, for commits of other processes."""
    connection.execute("SET ducklake_retry_wait_ms = 2")
    connection.execute("SET ducklake_retry_backoff = 2")


def _set_size(connection: duckdb.DuckDBPyConnection, name: str, setting: str, size: str) -> None:
    """DuckDB alone knows which sizes it understands."""
    try:
        connection.execute(f"SET {name} = {literal(size)}")
    except duckdb.Error as error:
        raise StartupError(f"setting {setting} = {size!r}: {error}") from None


def _default_memory() -> str:
    """60 % of the machine's memory: the rest is for indexes, models and results on their way out."""
    machine_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{machine_bytes * 6 // 10 >> 20}MiB"


def _close(
    connection: duckdb.DuckDBPyConnection, local: Sequence[Path], location: LakeLocation, settings: Settings
) -> None:
    _make_folder("import_folder", settings.import_path)
    _make_folder("export_folder", settings.export_path)
    folders = [f"{path}/" for path in (*local, settings.import_path, settings.export_path)]
    if location.on_s3:
        folders.append(location.data_path)
    connection.execute(f"SET allowed_directories = [{', '.join(map(literal, folders))}]")
    if not location.on_postgres:  # the catalog file is written anew after an erasure, and attached again
        paths = [location.catalog, f"{location.catalog}.wal"]
        connection.execute(f"SET allowed_paths = [{', '.join(map(literal, paths))}]")
    # The second is what DuckDB itself sets while it makes a table from a PIVOT.
    connection.execute("SET allowed_configs = ['TimeZone', 'current_transaction_invalidation_policy']")
    for name, value in CLOSED.items():
        connection.execute(f"SET {name} = {str(value).lower()}")


def _make_folder(setting: str, path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"setting {setting} = '{path}': {error.strerror}") from None


def _read_back(connection: duckdb.DuckDBPyConnection) -> None:
    for name, expected in CLOSED.items():
        row = connection.execute("SELECT current_setting(?)", [name]).fetchone()
        if row is None or bool(row[0]) is not expected:
            raise StartupError(f"DuckDB's setting {name} is {row and row[0]}, must be {expected}")
    # A catalog made by another tool may inline rows, which would put values where erasure does not reach.
    row = connection.execute(
        f"SELECT value FROM {METADATA}.ducklake_metadata WHERE key = 'data_inlining_row_limit' AND scope IS NULL"
    ).fetchone()
    if row is not None and str(row[0]) != "0":
        raise StartupError(f"the lake's data_inlining_row_limit is {row[0]}, must be 0")
