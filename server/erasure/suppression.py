"""Which keys are suppressed, and the guard of each dataset that has some.

Read from the lake at start and after each operation that changes it; `version` tells a transaction that began before.
"""

import threading
from collections import Counter

from server.engine.engine import Engine
from server.erasure.digest import KeyDigest
from server.erasure.guard import Guard
from server.erasure.keys import SQL, KeyColumn


class Suppressions:
    def __init__(self, engine: Engine, secret: bytes) -> None:
        """secret: key of the digests; see digest.py."""
        self._engine = engine
        self._secret = secret
        self._guards: dict[str, Guard] = {}
        self._versions: Counter[str] = Counter()
        self._lock = threading.Lock()

    def load(self) -> None:
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["suppressed"]))
        guards = {}
        for name, column, kind in rows:
            guard = Guard(str(name), KeyColumn(str(column), str(kind)), KeyDigest(self._secret, str(name)))
            guards[guard.table] = guard
        with self._lock:
            self._guards = guards

    def add(self, dataset: str, column: KeyColumn) -> None:
        """The dataset has a suppressed key now."""
        guard = Guard(dataset, column, KeyDigest(self._secret, dataset))
        with self._lock:
            self._guards = self._guards | {guard.table: guard}

    def changed(self, table: str) -> None:
        """A tombstone was set in the table, `schema.table` in lower case."""
        with self._lock:
            self._versions[table] += 1

    def version(self, table: str) -> int:
        """Grows with every tombstone in the table."""
        return self._versions[table]

    def guard(self, table: str) -> Guard | None:
        """The guard of `schema.table`, in any letter case; None if nothing of it is suppressed."""
        return self._guards.get(table.lower()) if self._guards else None

    def any(self) -> bool:
        return bool(self._guards)
