"""Documents that no search may find, whatever generation answers: their rows were taken away since it was built."""

import threading
from collections.abc import Mapping

import numpy as np

from server.vectors.generation import Generation, Ids

NONE: frozenset[str] = frozenset()


class HiddenDocuments:
    """By index, as doc_ids. What a generation may still find is worked out once for each set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, frozenset[str]] = {}
        self._allowed: dict[str, tuple[Generation, frozenset[str], Ids | None]] = {}

    def hide(self, documents: Mapping[str, frozenset[str]]) -> None:
        """Index name → all of its hidden documents; indexes that are not named keep theirs."""
        with self._lock:
            self._documents |= {name: found for name, found in documents.items() if found}
            for name in [name for name, found in documents.items() if not found]:
                self._documents.pop(name, None)
                self._allowed.pop(name, None)  # it names them too

    def allowed(self, name: str, generation: Generation) -> Ids | None:
        """The rows that a search in the generation may find, in rising order; None for all of them."""
        with self._lock:
            documents = self._documents.get(name, NONE)
            known = self._allowed.get(name)
        if not documents:
            return None
        if known is not None and known[0] is generation and known[1] is documents:
            return known[2]
        hidden = generation.rows_of(documents)
        allowed = np.setdiff1d(np.arange(generation.manifest.rows), hidden, assume_unique=True) if hidden.size else None
        with self._lock:
            self._allowed[name] = (generation, documents, allowed)
        return allowed

    def drop(self, name: str) -> None:
        with self._lock:
            self._documents.pop(name, None)
            self._allowed.pop(name, None)
