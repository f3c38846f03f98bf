"""Keeps the changes of schemas beyond the snapshots that they are read from: called before snapshots expire."""

from collections.abc import Callable
from typing import TypeVar

from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.evolution.recording import SQL

T = TypeVar("T")


class SchemaHistory:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self) -> None:
        """Record what the snapshots so far tell, in one commit; none if nothing changed. Raises LakehouseError."""
        if not self._engine.read(lambda cursor: cursor.rows(SQL["any_unrecorded"]))[0][0]:
            return

        def work(cursor: LakeCursor) -> None:
            cursor.execute(SQL["record_changes"])

        self._engine.commit(SERVER, "record changes of schemas", work)

    def recorded_before(self, read: Callable[[], T]) -> Callable[[], T]:
        """Record, then read: for what else reads snapshots before they expire."""

        def run() -> T:
            self.record()
            return read()

        return run
