"""The catalog file, written anew: DuckDB keeps what was deleted in blocks that it has only let go.

The lake is taken off DuckDB meanwhile, so whoever calls this has it alone. The new file is compared with the old one
and takes its name in one step: a process killed at any moment finds either at its next start.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from server.engine.boot import METADATA
from server.engine.catalog_bounds import repair_bounds
from server.engine.commits import warm
from server.engine.context import Context
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.engine.location import LAKE
from server.engine.open_transactions import OpenTransactions
from server.engine.quiet import Quiet
from server.engine.schema_gate import SchemaGate
from server.errors import LakehouseError
from server.logs import logger
from server.sql.quoting import identifier, literal

ATTACH_S = 30.0
MEMORY = "1GiB"
OLD, NEW = "old", "new"

_log = logger("engine")


def rewrite_catalog(engine: Engine, tables: Callable[[LakeCursor], None], file: Callable[[Path], None]) -> None:
    """tables: is shown the new file as the database NEW, before it takes the place of the old one; file: its bytes.

    Raises LakehouseError; then the file is the old one, and the lake is attached again.
    """
    kept, made = Path(engine.location.catalog), engine.folder.rewritten_catalog
    _remove(made)
    repair_bounds(engine.root, METADATA)  # not in the new file: it would keep what is replaced
    engine.root.execute(f"DETACH {LAKE}")
    try:
        _copy(kept, made, engine.folder.temp, tables)
        _sync(made)
        file(made)
        made.replace(kept)
        _sync(kept.parent)
    except (duckdb.Error, OSError) as error:
        raise LakehouseError(f"the catalog could not be written anew: {error}") from None
    finally:
        _remove(made)
        _attach(engine)


def _copy(kept: Path, made: Path, temp: Path, tables: Callable[[LakeCursor], None]) -> None:
    connection = duckdb.connect(":memory:")
    parts = Quiet(), SchemaGate(), OpenTransactions()
    cursor = LakeCursor(connection, Context(SERVER), lambda: None, *parts, schema=None)
    try:
        cursor.execute(f"SET temp_directory = {literal(str(temp))}")
        cursor.execute(f"SET memory_limit = {literal(MEMORY)}")
        cursor.execute(f"ATTACH {literal(str(kept))} AS {OLD} (READ_ONLY)")
        cursor.execute(f"ATTACH {literal(str(made))} AS {NEW}")
        cursor.execute(f"COPY FROM DATABASE {OLD} TO {NEW}")
        _compare(cursor)
        tables(cursor)
        cursor.execute(f"CHECKPOINT {NEW}")
        cursor.execute(f"DETACH {NEW}")
    finally:
        cursor.close()


def _compare(cursor: LakeCursor) -> None:
    """Raises LakehouseError if a table of the new file differs from the old one's."""
    for (name,) in cursor.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [OLD]):
        text = "SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM {side}.main.{table} t"
        old, new = (cursor.rows(text.format(side=side, table=identifier(str(name)))) for side in (OLD, NEW))
        if old != new:
            raise LakehouseError(f"the catalog's table {name} was not copied whole")


def _attach(engine: Engine) -> None:
    """Without the lake the server serves nobody: it ends, and finds the catalog at its next start."""
    deadline = time.monotonic() + ATTACH_S
    while True:
        try:
            engine.location.attach_again(engine.root)
            engine.read(warm)  # before others do, see `schema_gate.py`
            return
        except duckdb.Error as error:
            if time.monotonic() > deadline:
                _log.critical("the lake can't be attached again", error=engine.location.without_secrets(str(error)))
                os._exit(1)
            time.sleep(0.05)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(made: Path) -> None:
    for left in (made, Path(f"{made}.wal")):
        left.unlink(missing_ok=True)
