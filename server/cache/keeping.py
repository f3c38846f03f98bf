"""Makes, follows and drops the copies of what is pinned. One thread at a time: see `service.py`."""

from server.cache.asking import Asking
from server.cache.copying import BOUND, SQL, Copying
from server.cache.following import CopyFailed, Following
from server.cache.pin import SCHEMA, Changed, Pin
from server.cache.pins import Pins
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.logs import logger

MAKE_SCHEMA = f"CREATE SCHEMA IF NOT EXISTS memory.{SCHEMA}"
DROP_SCHEMA = f"DROP SCHEMA IF EXISTS memory.{SCHEMA} CASCADE"

_log = logger("cache")


class Keeping:
    def __init__(self, engine: Engine, pins: Pins, asking: Asking) -> None:
        self._engine = engine
        self._pins = pins
        self._asking = asking
        bytes_max = engine.settings.cache_bytes_max
        self._copying = Copying(bytes_max)
        self._following = Following(self._copying, bytes_max)
        self._cursor: LakeCursor | None = None  # that copies are made on just now
        self._stopping = False

    def stop(self) -> None:
        """End what is under way; safe in another thread."""
        self._stopping = True
        if (cursor := self._cursor) is not None:
            cursor.interrupt()

    def make_schema(self) -> None:
        self._in_memory(MAKE_SCHEMA)

    def is_behind(self) -> bool:
        """Whether there is something to follow."""
        if any(pin.copy is None and pin.reason is None for pin in self._pins):
            return True
        copied = [pin for pin in self._pins if pin.copy is not None]
        if not self._pins.are_current(copied, self._asking.changes):
            return True
        return self._asking.changes(self._pins.snapshot).newest != self._pins.snapshot

    def follow(self, wanted: Pin | None = None) -> Changed:
        """Bring all copies to the newest snapshot. wanted: a pin whose copy is made in any case; it may be a new one.

        Raises CopyFailed for the wanted one. Another that fails loses its copy, and the rest goes on.
        """
        pins = list(self._pins)
        if wanted is not None and wanted not in pins:
            pins.append(wanted)
        while True:
            self._cursor = self._engine.cursor(SERVER)
            try:
                changed = self._following.run(self._cursor, pins, self._pins.snapshot, wanted)
                break
            except CopyFailed as failed:
                if failed.pin is wanted or self._stopping:
                    raise
                _log.warning("a pinned dataset can't be copied", dataset=failed.pin.dataset, error=str(failed))
                self._drop(failed.pin, str(failed))
                pins.remove(failed.pin)
            finally:
                self._cursor.close()
                self._cursor = None
        self._apply(changed, wanted)
        return changed

    def _apply(self, changed: Changed, wanted: Pin | None) -> None:
        if changed.schema:
            self._engine.schema_changed()  # before a query may find the copies current
        if wanted is not None and self._pins.get(wanted.key) is None:
            self._pins.add(wanted)
        self._pins.apply(changed)
        for pin in changed.evicted:
            _log.info("a pinned dataset gave way", dataset=pin.dataset, bound=BOUND)
            self.record(pin, "evicted", BOUND, SERVER)

    def drop_all(self) -> None:
        """Every copy; the pins stay, and their copies are to be made."""
        for pin in self._pins:
            self._pins.without_copy(pin, None)
        self._in_memory(DROP_SCHEMA, MAKE_SCHEMA)

    def remove(self, pin: Pin) -> None:
        """The pin and its copy."""
        self._pins.forget(pin)
        self._drop(pin, None)

    def _drop(self, pin: Pin, reason: str | None) -> None:
        """The copy, but not the pin. reason: see `Pin`."""
        copy = self._pins.without_copy(pin, reason)
        self._in_memory(f"DROP VIEW IF EXISTS {pin.view}", *([f"DROP TABLE {copy.table}"] if copy else []))

    def _in_memory(self, *statements: str) -> None:
        """Run what names nothing of the lake, so that it touches nothing of it."""
        cursor = self._engine.cursor(SERVER, None)
        try:
            for statement in statements:
                cursor.execute(statement)
        finally:
            cursor.close()

    def record(self, pin: Pin, change: str, reason: str | None, actor: str) -> None:
        """Commit what became of the pin."""
        row = [pin.dataset, change, reason, actor]
        self._engine.commit(actor, f"{pin.dataset} {change}", lambda cursor: cursor.execute(SQL["record"], row))
