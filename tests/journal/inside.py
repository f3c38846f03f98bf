"""The journal of a stopped server, as the server's own parts use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.appendlog.log import AppendLog
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.engine import Engine
from server.journal.journal import Journal


@contextmanager
def journal_of(data: Path) -> Iterator[tuple[Journal, Engine]]:
    """It follows the engine's lake until the end."""
    folder, settings = DataFolder(data), Settings(data=data)
    log = AppendLog(folder.log, settings.log_bytes_max, settings.log_sync_s)
    engine = Engine(settings, folder)
    journal = Journal(engine, log)
    journal.open()
    try:
        yield journal, engine
    finally:
        journal.stop()
        log.close()
        engine.close()
