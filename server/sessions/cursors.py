"""The cursors of one session. Statements run on its home cursor, where temporary objects live, or on a plain one that
does not see the lake; further ones at the same time run on cursors made for them."""

import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from catalog_sql import named_queries
from server.engine.cursor import DEFAULT_SCHEMA, LakeCursor
from server.engine.engine import Engine
from server.engine.results import ResultStream
from server.errors import LimitExceeded, Unavailable, Unsupported

SQL = named_queries("queries/listing.sql")
OPEN = "another statement of this session, which has temporary objects, is still running"
ENDED = "the session has ended"
STOPPING = "the server is stopping"
Settings = tuple[str, str | None]  # schema that unqualified names mean, time zone


class SessionCursors:
    """A cursor is used by one statement at a time, and closed only when none uses it: closing DuckDB's connection under
    a running statement would take the process down."""

    def __init__(self, engine: Engine, principal: str) -> None:
        self._engine = engine
        self._principal = principal
        self._lock = threading.RLock()
        self._released = threading.Condition(self._lock)
        self._home: LakeCursor | None = None
        self._plain: LakeCursor | None = None  # without the lake in its search path
        # Weak, or a client that vanishes would never have its stream dropped.
        self._home_stream: weakref.ref[ResultStream] | None = None
        self._home_in_transaction = False
        self._busy: set[LakeCursor] = set()
        self._closed = False
        self._settings: Settings = (DEFAULT_SCHEMA, None)
        self._settings_of: weakref.WeakKeyDictionary[LakeCursor, Settings] = weakref.WeakKeyDictionary()
        self.has_temporary = False

    @property
    def schema(self) -> str:
        """What unqualified names mean."""
        return self._settings[0]

    @property
    def time_zone(self) -> str | None:
        return self._settings[1]

    @contextmanager
    def _using(self) -> Iterator[None]:
        """Hold the lock, to touch cursors while no other thread has the lake alone. In this order, and waiting for
        nothing meanwhile: who has it alone needs the lock too."""
        with self._engine.quiet.using(), self._lock:
            yield

    def take(self, needs_lake: bool = True, for_temporary: bool = False) -> LakeCursor:
        """A cursor that no other statement uses; give it back with `release`.

        needs_lake: see `placing.py`. Temporary objects live on the home cursor: once there are some, or to make one, no
        other will do, and an open stream on it is read to its end first, for as long as a statement may wait in the
        queue. Raises LimitExceeded.
        """
        if not needs_lake and not self.has_temporary:
            with self._using():
                if self._plain not in self._busy:
                    return self._use(self._plain or self._new(None))
        settings = self._engine.settings
        deadline = time.monotonic() + settings.queue_wait_s_max
        while True:
            with self._using():
                if self._home not in self._busy:
                    self._home = self._home or self._new()
                    return self._use(self._home)
                if not (self.has_temporary or for_temporary):
                    return self.take_new()
                if self._home_in_transaction:
                    if for_temporary:
                        raise Unsupported("temporary objects are made in the open transaction, or when it has ended")
                    return self.take_new()
                stream = self._home_stream() if self._home_stream is not None else None
            # Not under the lock: who reads the stream releases the cursor, and needs the lock for it.
            if stream is not None:
                stream.drain(settings.result_held_bytes_max, deadline)
            else:
                self._wait_for_home(deadline)

    def _wait_for_home(self, deadline: float) -> None:
        with self._lock:
            left = max(0.0, deadline - time.monotonic())
            if self._home in self._busy and self._home_stream is None and not self._released.wait(left):
                raise LimitExceeded("queue_wait_s_max", OPEN)

    @contextmanager
    def home_alone(self) -> Iterator[LakeCursor | None]:
        """The home cursor, None if there is none, whoever has taken it: for the thread that has the lake alone, so that
        nothing runs on it. A transaction in which nothing has run is begun anew afterwards, since looking around in it
        would give it a snapshot of the lake."""
        with self._lock:
            home = None if self._closed else self._home
            begun = self._home_in_transaction
            if home is not None and begun:
                home.roll_back()
            try:
                yield home
            finally:
                if home is not None and begun:
                    home.execute("BEGIN")

    def take_for_transaction(self) -> LakeCursor:
        """The home cursor if it is free, so that temporary objects outlive the transaction, or one of its own."""
        with self._using():
            cursor = self.take_new() if self._home in self._busy else self.take()
            self._home_in_transaction |= cursor is self._home
            return cursor

    def take_new(self) -> LakeCursor:
        """A cursor of the caller's own; give it back with `release`."""
        with self._using():
            return self._use(self._new())

    def is_home(self, cursor: LakeCursor) -> bool:
        return cursor is self._home

    def streaming(self, cursor: LakeCursor, stream: ResultStream) -> None:
        """Remember the stream that keeps the home cursor busy, so that it can be read ahead when it is needed."""
        if cursor is self._home:
            self._home_stream = weakref.ref(stream)

    def release(self, cursor: LakeCursor) -> None:
        with self._lock:
            self._busy.discard(cursor)
            if cursor is self._home:
                self._home_stream = None
                self._home_in_transaction = False
            self._released.notify_all()
            if cursor in (self._home, self._plain) and not self._closed:
                return
        cursor.close()

    def with_settings(self, cursor: LakeCursor) -> str:
        """Give the cursor what the session has set since; the schema that now counts on it."""
        settings = self._settings
        if self._settings_of.get(cursor) != settings:
            schema, time_zone = settings
            if cursor is not self._plain:
                with self._engine.quiet.using():
                    cursor.use(schema)
            if time_zone is not None:
                cursor.set_time_zone(time_zone)
            self._settings_of[cursor] = settings
        return settings[0]

    def schemas(self) -> list[str]:
        """Those that are there; not asked on a cursor of the session, whose own schema may be gone."""
        return [str(row[0]) for row in self._engine.read(lambda cursor: cursor.rows(SQL["schemas"]))]

    def use(self, schema: str) -> None:
        """Make schema the default. Raises SqlError if it is not there."""
        self._change((schema, self._settings[1]))

    def set_time_zone(self, name: str) -> None:
        """Raises SqlError for a zone that DuckDB does not know."""
        self._change((self._settings[0], name))

    def interrupt(self, reason: str = STOPPING) -> None:
        """End what runs, with the status UNAVAILABLE: it was not its client that cancelled it, and pyarrow takes the
        status CANCELLED for a Ctrl-C of its own process."""
        with self._lock:
            for cursor in self._busy:
                cursor.interrupt(Unavailable(reason))

    def close(self) -> None:
        """Interrupt what runs; a busy cursor is closed by its release."""
        with self._lock:
            self._closed = True
            self.interrupt(ENDED)
            self._released.notify_all()
            for cursor in (self._home, self._plain):
                if cursor is not None and cursor not in self._busy:
                    cursor.close()

    def _change(self, settings: Settings) -> None:
        """Try the settings on a new cursor; every other one gets them when a statement next takes it."""
        before, self._settings = self._settings, settings
        try:
            self.release(self.take_new())
        except BaseException:
            self._settings = before
            raise

    def _use(self, cursor: LakeCursor) -> LakeCursor:
        if self._closed:
            raise Unavailable(ENDED)
        cursor.context.start()
        try:
            self.with_settings(cursor)
        except BaseException:  # its schema is gone
            if cursor not in (self._home, self._plain):
                cursor.close()
            raise
        self._busy.add(cursor)
        return cursor

    def _new(self, schema: str | None = DEFAULT_SCHEMA) -> LakeCursor:
        if self._closed:
            raise Unavailable(ENDED)
        cursor = self._engine.cursor(self._principal, schema)
        self._settings_of[cursor] = (DEFAULT_SCHEMA, None)
        if schema is None:
            self._plain = cursor
        return cursor
