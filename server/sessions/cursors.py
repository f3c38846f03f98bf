"""The cursors of one session. Statements run on its home cursor where temporary objects live; further ones at the same
time run on cursors made for them."""

import threading

from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.results import ResultStream


class SessionCursors:
    def __init__(self, engine: Engine, principal: str, schema: str) -> None:
        self._engine = engine
        self._principal = principal
        self._lock = threading.RLock()
        self._home: LakeCursor | None = None
        self._home_busy = False
        self._home_stream: ResultStream | None = None
        self._live: set[LakeCursor] = set()
        self.schema = schema
        self.time_zone: str | None = None
        self.has_temporary = False

    def take(self) -> LakeCursor:
        """A cursor that no other statement uses; give it back with `release`."""
        with self._lock:
            if self._home_busy and self.has_temporary and self._home_stream is not None:
                self._home_stream.drain(self._engine.settings.result_held_bytes_max)  # releases the home cursor
            if not self._home_busy:
                self._home = self._home or self._new()
                self._home_busy = True
                return self._home
        return self._new()

    def streaming(self, cursor: LakeCursor, stream: ResultStream) -> None:
        """Remember the stream that keeps the home cursor busy, so that it can be drained when it is needed."""
        if cursor is self._home:
            self._home_stream = stream

    def release(self, cursor: LakeCursor) -> None:
        if cursor is self._home:
            with self._lock:
                self._home_busy = False
                self._home_stream = None
            return
        self._live.discard(cursor)
        cursor.close()

    def use(self, schema: str) -> None:
        """Make schema the default of the open cursors and of those to come."""
        for cursor in self._live.copy():
            cursor.use(schema)
        self.schema = schema

    def set_time_zone(self, name: str) -> None:
        for cursor in self._live.copy():
            cursor.set_time_zone(name)
        self.time_zone = name

    def interrupt(self) -> None:
        for cursor in self._live.copy():
            cursor.interrupt()

    def close(self) -> None:
        for cursor in self._live.copy():
            cursor.interrupt()
            cursor.close()
        self._live.clear()

    def new(self) -> LakeCursor:
        """A cursor of the caller's own, for a transaction; give it back with `release`."""
        return self._new()

    def _new(self) -> LakeCursor:
        cursor = self._engine.cursor(self._principal)
        try:
            if self.schema != "main":
                cursor.use(self.schema)
            if self.time_zone is not None:
                cursor.set_time_zone(self.time_zone)
        except BaseException:
            cursor.close()
            raise
        self._live.add(cursor)
        return cursor
