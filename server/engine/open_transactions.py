"""Which cursors have a transaction open, and since when."""

import time
from typing import Protocol


class Changing(Protocol):
    """What has a transaction. changed_schema: whether a statement in it has changed a schema, or is about to."""

    changed_schema: bool


class OpenTransactions:
    """Told by each cursor before its BEGIN and after its end. Operations on a dict, which Python does whole."""

    def __init__(self) -> None:
        self._begun: dict[Changing, float] = {}

    def begin(self, cursor: Changing) -> None:
        self._begun[cursor] = time.monotonic()

    def end(self, cursor: Changing) -> None:
        self._begun.pop(cursor, None)

    def oldest(self) -> float | None:
        """When the oldest one began, by the monotonic clock; None if none is open."""
        return min(list(self._begun.values()), default=None)

    def changing_schema(self) -> bool:
        return any(cursor.changed_schema for cursor in list(self._begun))
