"""What this process knows to be recorded, so that a statement that comes again costs nothing and adds nothing."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from server.gate.rules import FILE_FUNCTIONS
from server.lineage.edges import Key
from server.sql.statements import Statement

STATEMENTS_MAX = 2000
TARGETS_MAX = 1000
EDGES_MAX = 20_000  # of one target; one with more is written again after a change of its schema
# Where one of these stands, a value in the text may decide what columns a statement reads.
_BY_VALUE = frozenset({"columns", "vector_search", "rag", "order", "group", "pivot", "unpivot"}) | FILE_FUNCTIONS


@dataclass(frozen=True)
class Met:
    """names: of the tables in a statement. meant: what DuckLake had under them. epoch: of the schemas at the time."""

    epoch: int
    names: tuple[str, ...]
    meant: object


class Seen:
    """Bounded; what falls out is found out again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statements: OrderedDict[Key, Met] = OrderedDict()
        self._targets: OrderedDict[int, set[Key]] = OrderedDict()

    def statement(self, key: Key) -> Met | None:
        with self._lock:
            if (met := self._statements.get(key)) is not None:
                self._statements.move_to_end(key)
            return met

    def keep(self, key: Key, met: Met) -> None:
        with self._lock:
            self._statements[key] = met
            while len(self._statements) > STATEMENTS_MAX:
                self._statements.popitem(last=False)

    def edges(self, target_id: int) -> frozenset[Key] | None:
        """Those into a table; None where the lake is to be asked."""
        with self._lock:
            known = self._targets.get(target_id)
            if known is not None:
                self._targets.move_to_end(target_id)
            return frozenset(known) if known is not None else None

    def add(self, target_id: int, keys: Iterable[Key]) -> None:
        with self._lock:
            known = self._targets.setdefault(target_id, set())
            known.update(keys)
            if len(known) > EDGES_MAX:
                del self._targets[target_id]
            while len(self._targets) > TARGETS_MAX:
                self._targets.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._statements.clear()
            self._targets.clear()


def statement_key(statement: Statement, schema: str) -> Key:
    """Equal for statements that differ in nothing but values, where those decide about no column."""
    words = {token.text.lower() for token in statement.tokens if token.is_name}
    if not words.isdisjoint(_BY_VALUE):
        return (schema, digest(statement.text))
    return (
        schema,
        digest("\0".join("?" if token.kind in ("number", "string") else token.text for token in statement.tokens)),
    )


def digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
