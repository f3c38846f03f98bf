"""What is pinned just now: pins with their copies, the snapshot that the copies equal, and routes of queries."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from server.cache.lake_changes import LakeChanges
from server.cache.pin import Changed, Copy, Pin
from server.cache.routing import Route, Routes
from server.sql.statements import Statement
from server.sql.tree import Parser


class Pins:
    """Safe in every thread. All copies equal the lake at one snapshot."""

    def __init__(self, parser: Parser) -> None:
        self._pins: dict[str, Pin] = {}  # never changed, but replaced
        self._routes = Routes(parser, {})
        self._snapshot = -1
        self._version = 0  # grows with every change of pins and copies
        self._lock = threading.Lock()

    @property
    def snapshot(self) -> int:
        """That all copies equal."""
        return self._snapshot

    def __len__(self) -> int:
        return len(self._pins)

    def __iter__(self) -> Iterator[Pin]:
        return iter(self._pins.values())

    def get(self, key: str) -> Pin | None:
        return self._pins.get(key)

    def route(self, statement: Statement, schema: str) -> Route | None:
        """How copies answer the query, whether or not they equal the lake. schema: of unqualified names."""
        return self._routes.find(statement, schema) if self._pins else None

    def are_current(self, pins: Sequence[Pin], changes_since: Callable[[int], LakeChanges]) -> bool:
        """Whether the copies of these pins equal their tables in the newest snapshot that there is during the call."""
        with self._lock:
            since, version = self._snapshot, self._version
            copies = [pin.copy for pin in pins]
        if any(copy is None for copy in copies):
            return False
        changes = changes_since(since)
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

    def note(self, pins: Sequence[Pin], from_memory: bool) -> None:
        """Count a query for each of these."""
        with self._lock:
            for pin in pins:
                pin.used(from_memory)

    def rows(self, current: frozenset[str]) -> list[dict[str, Any]]:
        """For the view catalog.cache. current: keys of those whose copies equal the lake."""
        with self._lock:
            return [pin.row(self._snapshot, pin.key not in current) for pin in self._pins.values()]

    def copies(self) -> list[tuple[str, str]]:
        """(dataset, full name of the table that is its copy), both SQL text."""
        with self._lock:
            return [(pin.dataset, pin.copy.table) for pin in self._pins.values() if pin.copy is not None]

    def add(self, pin: Pin) -> None:
        self._replace(self._pins | {pin.key: pin})

    def forget(self, pin: Pin) -> None:
        self._replace({key: other for key, other in self._pins.items() if other is not pin})

    def apply(self, changed: Changed) -> None:
        """What following the lake gave."""
        with self._lock:
            for key, copy in changed.copies.items():
                pin = self._pins[key]
                pin.copy, pin.reason = copy, changed.reasons.get(key)
            self._snapshot = changed.snapshot
            self._version += 1
        for pin in changed.evicted:
            self.forget(pin)

    def without_copy(self, pin: Pin, reason: str | None) -> Copy | None:
        """No query uses its copy from now on; the copy. reason: see `Pin`."""
        with self._lock:
            copy, pin.copy, pin.reason = pin.copy, None, reason
            self._version += 1
            return copy

    def _replace(self, pins: dict[str, Pin]) -> None:
        with self._lock:
            self._pins, self._routes = pins, self._routes.over(pins)
            self._version += 1
