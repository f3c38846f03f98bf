"""The hot cache: which datasets are pinned, whether their copies equal the lake now, and the worker that follows it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from server.cache.asking import Asking
from server.cache.copying import SQL
from server.cache.following import CopyFailed
from server.cache.keeping import Keeping
from server.cache.pausing import Pausing
from server.cache.pin import Pin, key_of
from server.cache.pins import Pins
from server.cache.routing import Route
from server.cache.worker import Worker
from server.catalog.datasets import Dataset, checked_name
from server.engine.engine import Engine
from server.errors import NotFound, Unavailable
from server.sql.statements import Statement
from server.sql.tree import Parser

Known = Callable[[frozenset[str]], bool]
PAUSED = "pinned datasets rest while the lake is maintained: try again later"


class HotCache:
    """A query is answered from copies if its tables are the same in the newest snapshot that there is once it has
    begun: so it sees each commit that was acknowledged before."""

    def __init__(self, engine: Engine, parser: Parser) -> None:
        self._engine = engine
        self._asking = Asking(engine)
        self._pins = Pins(parser)
        self._keeping = Keeping(engine, self._pins, self._asking)
        self._pausing = Pausing()
        self._numbers = count()
        self._changing = threading.Lock()  # held by whoever changes pins and copies, for as long as that takes
        self._worker = Worker(self._follow_if_behind)

    def start(self) -> None:
        """Pin what the lake says is pinned; the copies are made in the background."""
        self._keeping.make_schema()
        for name, pinned_at in self._engine.read(lambda cursor: cursor.rows(SQL["pins"])):
            schema, table = checked_name(str(name))
            self._pins.add(Pin(schema, table, next(self._numbers), datetime.fromisoformat(pinned_at)))
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop(self._keeping.stop)

    # Readers

    def find(self, statement: Statement, schema: str, known: Known) -> Route | None:
        """How the query is answered from memory; None if it is to read the lake. schema: of unqualified names. known:
        whether functions of these names mean the same for every cursor."""
        found = self._pins.route(statement, schema)
        if found is None or not known(found.functions):
            return None
        if not self._are_current(found.pins):
            self._worker.wake()
            self.note(found, from_memory=False)
            return None
        # Another server may have made a macro meanwhile, in a snapshot that the copies equal by now.
        return found if known(found.functions) else None

    def note(self, route: Route, from_memory: bool) -> None:
        """Count a query for each of its datasets."""
        self._pins.note(route.pins, from_memory)

    def rows(self) -> list[dict[str, Any]]:
        """A row per pin, for the view catalog.cache."""
        return self._pins.rows(frozenset(pin.key for pin in self._pins if self._are_current([pin])))

    def copies(self) -> list[tuple[str, str]]:
        """(dataset, full name of the table that is its copy): all that the cache holds of the lake, in memory."""
        return self._pins.copies()

    def _are_current(self, pins: Sequence[Pin]) -> bool:
        with self._pausing.working() as allowed:
            return allowed and self._pins.are_current(pins, self._asking.changes)

    # Maintenance of the lake

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, the cache touches nothing of the lake, queries are not answered from memory, and cache_pin and
        cache_evict are refused. Entering waits for the copies that are just being made.

        A result that streams from memory goes on: it reads no lake.
        """
        with self._pausing.paused():
            self._asking.close_idle()
            yield
        self._worker.wake()

    def rebuild(self) -> None:
        """Drop every copy, at once: each is made anew from the lake, in the background and after any pause.

        A result that streams from a copy keeps its rows in memory until it ends.
        """
        with self._changing:
            self._keeping.drop_all()
        self._worker.wake()

    # Changes

    def pin(self, dataset: Dataset, actor: str) -> tuple[Pin, list[str]]:
        """Pin the dataset, or make its copy anew if it is pinned; the pin, and the datasets that gave way to it.

        Raises LimitExceeded for one that does not fit even alone, Unsupported for one that has no copy, Unavailable
        in a pause.
        """
        with self._exclusively():
            known = self._pins.get(key_of(dataset.schema, dataset.table))
            pin = known or Pin(dataset.schema, dataset.table, next(self._numbers), datetime.now(UTC))
            try:
                changed = self._keeping.follow(pin)
                if known is None:
                    if pin.copy is None:
                        raise NotFound(f"there is no dataset {dataset.name!r} any more")
                    self._keeping.record(pin, "pinned", None, actor)
            except CopyFailed as failed:
                raise failed.error from None
            except BaseException:
                if known is None:
                    self._keeping.remove(pin)
                raise
            return pin, [gone.dataset for gone in changed.evicted]

    def evict(self, schema: str, table: str, actor: str) -> int | None:
        """Let go of a pin and its copy; the bytes that it took, None if there is none. Raises as `pin`."""
        with self._exclusively():
            pin = self._pins.get(key_of(schema, table))
            if pin is None:
                return None
            freed = pin.copy.byte_count if pin.copy else 0
            self._keeping.record(pin, "evicted", None, actor)
            self._keeping.remove(pin)
            return freed

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        with self._pausing.working() as allowed:
            if not allowed:
                raise Unavailable(PAUSED)
            with self._changing:
                yield

    def _follow_if_behind(self) -> None:
        with self._pausing.working() as allowed, self._changing:
            if not allowed or not self._pins or self._worker.stopping:
                return
            if self._keeping.is_behind():
                self._keeping.follow()
