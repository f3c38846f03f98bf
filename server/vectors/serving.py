"""Which generation answers for each index. Searches borrow it, and an old one closes when its last borrower is done."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.errors import NotFound
from server.vectors.generation import Generation


@dataclass
class _Slot:
    """A generation, how many searches hold it, and whether it still answers."""

    generation: Generation
    borrowers: int = 0
    retired: bool = False


class Serving:
    """Thread-safe. The lock is held for a few assignments only: no search waits for a build, a swap or a close."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}

    def swap(self, name: str, generation: Generation) -> None:
        """Let `generation`, which belongs to this object from now on, answer for `name`; its predecessor retires."""
        with self._lock:
            old = self._slots.get(name)
            if old is not None and old.generation is generation:
                return
            self._slots[name] = _Slot(generation)
        self._retire(old)

    @contextmanager
    def current(self, name: str) -> Iterator[Generation]:
        """Lend the generation that answers for `name`; it stays open until the block ends. Raises NotFound."""
        with self._lock:
            slot = self._slots.get(name)
            if slot is None:
                raise NotFound(f"index {name!r} is not being served: create or refresh it first")
            slot.borrowers += 1
        try:
            yield slot.generation
        finally:
            with self._lock:
                slot.borrowers -= 1
                unused = slot.retired and not slot.borrowers
            if unused:
                slot.generation.close()

    def drop(self, name: str) -> None:
        """Stop answering for `name`. Raises NotFound."""
        with self._lock:
            slot = self._slots.pop(name, None)
        if slot is None:
            raise NotFound(f"index {name!r} is not being served")
        self._retire(slot)

    def names(self) -> list[str]:
        """Return the names that answer, sorted."""
        with self._lock:
            return sorted(self._slots)

    def _retire(self, slot: _Slot | None) -> None:
        if slot is None:
            return
        with self._lock:
            slot.retired = True
            unused = not slot.borrowers
        if unused:
            slot.generation.close()
