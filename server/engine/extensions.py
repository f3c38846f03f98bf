"""What depends on DuckDB's version: where its extensions are, and how they are loaded.

The extensions are Python packages of exactly DuckDB's version, so nothing is downloaded; DuckDB checks the signature.
"""

import importlib.util
from pathlib import Path

import duckdb

from server.errors import StartupError
from server.sql.quoting import literal

DUCKDB_VERSION = "1.5.5"


def extension_file(name: str) -> Path:
    """The extension's file inside its package. Raises StartupError naming the missing package."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    package = f"duckdb-extension-{name.replace('_', '-')}=={DUCKDB_VERSION}"
    if spec is None or spec.origin is None:
        raise StartupError(f"package {package} is not installed")
    file = Path(spec.origin).parent / "extensions" / f"v{DUCKDB_VERSION}" / f"{name}.duckdb_extension"
    if not file.exists():
        raise StartupError(f"package {package} holds no extension for DuckDB {DUCKDB_VERSION}")
    return file


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(f"LOAD {literal(str(extension_file(name)))}")


def check_version() -> None:
    if duckdb.__version__ != DUCKDB_VERSION:
        raise StartupError(f"DuckDB {duckdb.__version__} is installed, this server needs {DUCKDB_VERSION}")
