"""The hot cache: which datasets are pinned, whether their copies equal the lake now, and the worker that follows it."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from server.cache.asking import Asking
from server.cache.copying import BOUND, SQL, Copying
from server.cache.following import CopyFailed, Following
from server.cache.pin import SCHEMA, Changed, Copy, Pin, key_of
from server.cache.routing import Route, Routes
from server.cache.worker import Worker
from server.catalog.datasets import Dataset, checked_name
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import NotFound
from server.logs import logger
from server.sql.statements import Statement
from server.sql.tree import Parser

Known = Callable[[frozenset[str]], bool]

_log = logger("cache")


class HotCache:
    """All copies equal the lake at one snapshot. A query is answered from them if its tables are the same in the newest
    snapshot that there is once it has begun: so it sees each commit that was acknowledged before."""

    def __init__(self, engine: Engine, parser: Parser) -> None:
        self._engine = engine
        bytes_max = engine.settings.cache_bytes_max
        self._copying = Copying(bytes_max)
        self._following = Following(self._copying, bytes_max)
        self._asking = Asking(engine)
        self._pins: dict[str, Pin] = {}
        self._snapshot = -1  # that all copies equal
        self._version = 0  # grows with every change of pins and copies
        self._routes = Routes(parser, {})
        self._numbers = count()
        self._lock = threading.Lock()  # of the fields above
        self._changing = threading.Lock()  # held by whoever changes pins and copies, for as long as that takes
        self._cursor: LakeCursor | None = None  # that copies are made on just now
        self._worker = Worker(self._follow_if_behind)

    def start(self) -> None:
        """Pin what the lake says is pinned; the copies are made in the background."""
        self._engine.read(lambda cursor: cursor.execute(f"CREATE SCHEMA IF NOT EXISTS memory.{SCHEMA}"))
        for name, pinned_at in self._engine.read(lambda cursor: cursor.rows(SQL["pins"])):
            schema, table = checked_name(str(name))
            self._add(Pin(schema, table, next(self._numbers), datetime.fromisoformat(pinned_at)))
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop(self._interrupt)

    def _interrupt(self) -> None:
        if (cursor := self._cursor) is not None:
            cursor.interrupt()

    # Readers

    def find(self, statement: Statement, schema: str, known: Known) -> Route | None:
        """How the query is answered from memory; None if it is to read the lake. schema: of unqualified names. known:
        whether functions of these names mean the same for every cursor."""
        found = self._routes.find(statement, schema) if self._pins else None
        if found is None or not known(found.functions):
            return None
        if not self._is_current(found.pins):
            self._worker.wake()
            self.note(found, from_memory=False)
            return None
        return found

    def note(self, route: Route, from_memory: bool) -> None:
        """Count a query for each of its datasets."""
        with self._lock:
            for pin in route.pins:
                pin.used(from_memory)

    def rows(self) -> list[dict[str, Any]]:
        """A row per pin, for the view catalog.cache."""
        with self._lock:
            pins = list(self._pins.values())
        current = {pin.key for pin in pins if self._is_current([pin])}
        with self._lock:
            return [pin.row(self._snapshot, pin.key not in current) for pin in pins]

    def _is_current(self, pins: Sequence[Pin]) -> bool:
        """Whether the copies of these pins equal their tables in the newest snapshot that there is during the call."""
        with self._lock:
            since, version = self._snapshot, self._version
            copies = [pin.copy for pin in pins]
        if any(copy is None for copy in copies):
            return False
        changes = self._asking.changes(since)
        if changes.newest == since:
            return True
        if any(copy is not None and changes.may_touch(copy.table_id) for copy in copies):
            return False
        with self._lock:
            # Unless they changed meanwhile, all copies may equal that snapshot too, and the next query asks less.
            every = [pin.copy for pin in self._pins.values()]
            touched = any(copy is None or changes.may_touch(copy.table_id) for copy in every)
            if (since, version) == (self._snapshot, self._version) and not touched:
                self._snapshot = changes.newest
        return True

    # Changes

    def pin(self, dataset: Dataset, actor: str) -> tuple[Pin, list[str]]:
        """Pin the dataset, or make its copy anew if it is pinned; the pin, and the datasets that gave way to it.

        Raises LimitExceeded for one that does not fit even alone, Unsupported for one that has no copy.
        """
        with self._changing:
            known = self._pins.get(key_of(dataset.schema, dataset.table))
            pin = known or Pin(dataset.schema, dataset.table, next(self._numbers), datetime.now(UTC))
            try:
                changed = self._follow(pin)
            except CopyFailed as failed:
                raise failed.error from None
            if known is None:
                try:
                    if pin.copy is None:
                        raise NotFound(f"there is no dataset {dataset.name!r} any more")
                    self._record(pin, "pinned", None, actor)
                except BaseException:
                    self._remove(pin)
                    raise
            return pin, [gone.dataset for gone in changed.evicted]

    def evict(self, schema: str, table: str, actor: str) -> int | None:
        """Let go of a pin and its copy; the bytes that it took, None if there is none."""
        with self._changing:
            pin = self._pins.get(key_of(schema, table))
            if pin is None:
                return None
            freed = pin.copy.byte_count if pin.copy else 0
            self._record(pin, "evicted", None, actor)
            self._remove(pin)
            return freed

    def _follow(self, wanted: Pin | None = None) -> Changed:
        """Bring all copies to the newest snapshot. wanted: a pin whose copy is made in any case; it may be a new one.

        Raises CopyFailed for the wanted one. Another that fails loses its copy, and the rest goes on.
        """
        pins = list(self._pins.values())
        if wanted is not None and wanted not in pins:
            pins.append(wanted)
        while True:
            self._cursor = self._engine.cursor(SERVER)
            try:
                changed = self._following.run(self._cursor, pins, self._snapshot, wanted)
                break
            except CopyFailed as failed:
                if failed.pin is wanted or self._worker.stopping:
                    raise
                _log.warning("a pinned dataset can't be copied", dataset=failed.pin.dataset, error=str(failed))
                self._fail(failed.pin, str(failed))
                pins.remove(failed.pin)
            finally:
                self._cursor.close()
                self._cursor = None
        self._apply(changed, wanted)
        for pin in changed.evicted:
            _log.info("a pinned dataset gave way", dataset=pin.dataset, bound=BOUND)
            self._record(pin, "evicted", BOUND, SERVER)
        return changed

    def _apply(self, changed: Changed, wanted: Pin | None) -> None:
        if wanted is not None and wanted.key not in self._pins:
            self._add(wanted)
        with self._lock:
            for key, copy in changed.copies.items():
                pin = self._pins[key]
                if pin.copy is not None and copy is not None and copy.columns != pin.copy.columns:
                    self._engine.schema_changed()
                pin.copy, pin.reason = copy, changed.reasons.get(key)
            self._snapshot = changed.snapshot
            self._version += 1
        for pin in changed.evicted:
            self._forget(pin)

    def _fail(self, pin: Pin, reason: str) -> None:
        self._drop(pin, self._without_copy(pin, reason))

    def _remove(self, pin: Pin) -> None:
        self._forget(pin)
        self._drop(pin, self._without_copy(pin, None))

    def _without_copy(self, pin: Pin, reason: str | None) -> Copy | None:
        with self._lock:
            copy, pin.copy, pin.reason = pin.copy, None, reason
            self._version += 1
            return copy

    def _drop(self, pin: Pin, copy: Copy | None) -> None:
        self._engine.read(lambda cursor: self._copying.drop(cursor, pin, copy))

    def _add(self, pin: Pin) -> None:
        self._replace_pins(self._pins | {pin.key: pin})

    def _forget(self, pin: Pin) -> None:
        self._replace_pins({key: other for key, other in self._pins.items() if other is not pin})

    def _replace_pins(self, pins: dict[str, Pin]) -> None:
        with self._lock:
            self._pins, self._routes = pins, self._routes.over(pins)
            self._version += 1

    def _record(self, pin: Pin, change: str, reason: str | None, actor: str) -> None:
        row = [pin.dataset, change, reason, actor]
        self._engine.commit(actor, f"{pin.dataset} {change}", lambda cursor: cursor.execute(SQL["record"], row))

    def _follow_if_behind(self) -> None:
        with self._changing:
            pins = list(self._pins.values())
            if not pins or self._worker.stopping:
                return
            loading = any(pin.copy is None and pin.reason is None for pin in pins)
            copied = [pin for pin in pins if pin.copy is not None]
            if loading or not self._is_current(copied) or self._asking.changes(self._snapshot).newest != self._snapshot:
                self._follow()
