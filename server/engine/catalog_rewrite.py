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
from server.engine.engine import Engine
from server.engine.location import LAKE
from server.errors import LakehouseError
from server.logs import logger
from server.sql.quoting import identifier, literal

ATTACH_S = 30.0
MEMORY = "1GiB"

_log = logger("engine")


def rewrite_catalog(engine: Engine, look: Callable[[Path], None]) -> None:
    """look: is shown the new file before it takes the place of the old one.

    Raises LakehouseError; then the file is the old one, and the lake is attached again.
    """
    file = Path(engine.location.catalog)
    made = engine.folder.rewritten_catalog
    _remove(made)
    repair_bounds(engine.root, METADATA)  # not in the new file: it would keep what is replaced
    engine.root.execute(f"DETACH {LAKE}")
    try:
        _copy(file, made, engine.folder.temp)
        _sync(made)
        look(made)
        made.replace(file)
        _sync(file.parent)
    except (duckdb.Error, OSError) as error:
        raise LakehouseError(f"the catalog could not be written anew: {error}") from None
    finally:
        _remove(made)
        _attach(engine)


def _copy(file: Path, made: Path, temp: Path) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SET temp_directory = {literal(str(temp))}")
        connection.execute(f"SET memory_limit = {literal(MEMORY)}")
        connection.execute(f"ATTACH {literal(str(file))} AS old (READ_ONLY)")
        connection.execute(f"ATTACH {literal(str(made))} AS new")
        connection.execute("COPY FROM DATABASE old TO new")
        _compare(connection)
        connection.execute("DETACH old")
        connection.execute("CHECKPOINT new")
        connection.execute("DETACH new")


def _compare(connection: duckdb.DuckDBPyConnection) -> None:
    """Raises LakehouseError if a table of the new file differs from the old one's."""
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'old'").fetchall()
    for (name,) in tables:
        old, new = (
            connection.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {side}.main.{identifier(name)} t").fetchone()
            for side in ("old", "new")
        )
        if old != new:
            raise LakehouseError(f"the catalog's table {name} was not copied whole")


def _attach(engine: Engine) -> None:
    """Without the lake the server serves nobody: it ends, and finds the catalog at its next start."""
    deadline = time.monotonic() + ATTACH_S
    while True:
        try:
            engine.location.attach_again(engine.root)
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
