"""What the rest of the server asks of a model, whoever runs it.

Two sides implement each seam: the built-in model or Ollama embeds; Ollama chats, and where no chat model is configured
`extractive` answers instead. Callers hold the Protocol and never ask which one they got.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidArgument, ProviderUnavailable


def never() -> bool:
    """The `cancelled` of a caller who will not cancel."""
    return False


class EmbeddingProvider(Protocol):
    """Turns texts into vectors that can be compared by inner product."""

    @property
    def model(self) -> str:
        """The name stored beside every vector; vectors of two models are never compared."""

    @property
    def dimension(self) -> int:
        """Length of a vector. May ask the service once. Raises ProviderUnavailable."""

    def embed(self, texts: Sequence[str], cancelled: Callable[[], bool] = never) -> NDArray[np.float32]:
        """Return one unit-length row per text: (len(texts), dimension) float32, C order.

        Raises InvalidArgument for a blank text, ProviderUnavailable, and Cancelled once `cancelled` says so.
        """


class ChatProvider(Protocol):
    """Writes text in answer to text."""

    @property
    def model(self) -> str:
        """The name reported beside every answer."""

    def chat(
        self,
        system: str,
        user: str,
        cancelled: Callable[[], bool] = never,
        json_schema: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the model's answer, stripped and not empty. json_schema: what the answer is asked to be, which is no
        promise that it is. Raises ProviderUnavailable or Cancelled."""


def refuse_blank(texts: Sequence[str]) -> None:
    """Raise InvalidArgument if a text has nothing to embed: its vector would be noise that matches anything."""
    for position, text in enumerate(texts):
        if not text or text.isspace():
            raise InvalidArgument(f"text {position + 1} of {len(texts)} is blank: nothing to embed, leave it out")


def unit_rows(vectors: NDArray[np.floating[Any]], model: str) -> NDArray[np.float32]:
    """Scale the rows of `vectors`, (n, dimension), to length 1: float32, C order.

    Raises ProviderUnavailable if a row is zero or not finite, as no search could rank it.
    """
    wide = vectors.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    if not bool(np.all(np.isfinite(lengths) & (lengths > 0))):
        raise ProviderUnavailable(f"model '{model}' returned a vector that is zero or not finite")
    return np.ascontiguousarray(wide / lengths, dtype=np.float32)
