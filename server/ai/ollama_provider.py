"""Embeddings and chat from an Ollama service, with its failures put in the words of whoever configured it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
import numpy as np
import ollama
from numpy.typing import NDArray

from server.ai.providers import never, refuse_blank, unit_rows
from server.errors import Cancelled, ProviderUnavailable

T = TypeVar("T")

URL_SETTING, TIME_SETTING = "ollama_url", "model_s_max"
BATCH_TEXTS = 16  # a batch is the unit of retrying and of cancelling
BACKOFF_S: Final = (0.1, 0.4)  # before the second and the third try
CONTEXT_TOKENS, CONTEXT_TOKENS_MAX = 4_096, 65_536  # Ollama's default, and the most that is asked for
ANSWER_TOKENS = 1_024  # room left in the context for the answer
SERVICE_MESSAGE_CHARS_MAX = 300


class _Service:
    """One model of one Ollama service: calls it, tries again where that can help, and explains failures."""

    def __init__(self, url: str, model: str, timeout_s: float) -> None:
        self.model = model
        self._timeout_s = timeout_s
        scheme, separator, address = url.rpartition("://")
        self._name = f"the Ollama service at {scheme}{separator}{address.rpartition('@')[2]}"  # no password in messages
        try:
            self._client = ollama.Client(host=url, timeout=timeout_s)
        except (ValueError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(f"setting '{URL_SETTING}' is not an address of a service: {error}") from error

    def close(self) -> None:
        """Close the connections to the service."""
        self._client.close()  # type: ignore[no-untyped-call]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, request: Callable[[], T], cancelled: Callable[[], bool]) -> T:
        """Return what `request` returns. Raises ProviderUnavailable, or Cancelled before any of the tries."""
        pauses_s = iter(BACKOFF_S)
        while True:
            if cancelled():
                raise Cancelled(f"the call of model '{self.model}' was cancelled")
            try:
                return request()
            except (ollama.ResponseError, httpx.HTTPError, ConnectionError, *_MALFORMED) as error:
                pause_s = next(pauses_s, None)
                if pause_s is None or not _may_pass(error):
                    raise ProviderUnavailable(self._explain(error)) from error
                time.sleep(pause_s)

    def _explain(self, error: Exception) -> str:
        if isinstance(error, ollama.ResponseError):
            if error.status_code == httpx.codes.NOT_FOUND:
                pull = f"run `ollama pull {self.model}` there, or check the setting '{URL_SETTING}'"
                return f"{self._name} does not have model '{self.model}': {pull}"
            said = str(error.error)[:SERVICE_MESSAGE_CHARS_MAX]
            status = f"status {error.status_code}" if error.status_code > 0 else "an error halfway"
            return f"{self._name} answered model '{self.model}' with {status}: {said}"
        if isinstance(error, httpx.TimeoutException):
            return self._too_slow()
        if isinstance(error, _MALFORMED):
            return f"{self._name} answered in a form that is not Ollama's: check the setting '{URL_SETTING}'"
        return f"{self._name} cannot be reached: start it, or change the setting '{URL_SETTING}'"

    def _too_slow(self) -> str:
        limit = f"{self._timeout_s:g} s (setting '{TIME_SETTING}')"
        return f"{self._name} did not finish its answer of model '{self.model}' within {limit}"


class OllamaEmbeddings(_Service):
    """Embeds with an Ollama model. The dimension is what the first answer has; later answers must agree."""

    def __init__(self, url: str, model: str, timeout_s: float) -> None:
        super().__init__(url, model, timeout_s)
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """Length of a vector; embeds one word to learn it if nothing was embedded yet. Raises ProviderUnavailable."""
        if self._dimension is None:
            self._embed_batch(["dimension"], never)
        assert self._dimension is not None  # noqa: S101 - an answer without a dimension was refused
        return self._dimension

    def embed(self, texts: Sequence[str], cancelled: Callable[[], bool] = never) -> NDArray[np.float32]:
        """Return one unit-length row per text: (len(texts), dimension) float32, C order.

        A text beyond the model's context counts with its beginning. Raises InvalidArgument for a blank text,
        ProviderUnavailable, and Cancelled between batches of 16 texts.
        """
        refuse_blank(texts)
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        starts = range(0, len(texts), BATCH_TEXTS)
        return np.concatenate([self._embed_batch(texts[start : start + BATCH_TEXTS], cancelled) for start in starts])

    def _embed_batch(self, texts: Sequence[str], cancelled: Callable[[], bool]) -> NDArray[np.float32]:
        def request() -> NDArray[np.float64]:
            answer = self._client.embed(model=self.model, input=list(texts))
            return np.asarray(answer.embeddings, dtype=np.float64)

        vectors = self._call(request, cancelled)
        if vectors.ndim != 2 or len(vectors) != len(texts) or vectors.shape[1] == 0:
            raise ProviderUnavailable(
                f"{self._name} returned vectors of shape {vectors.shape} for {len(texts)} texts: "
                f"is '{self.model}' an embedding model?"
            )
        if self._dimension not in (None, vectors.shape[1]):
            raise ProviderUnavailable(
                f"model '{self.model}' embedded in {self._dimension} dimensions and now in {vectors.shape[1]}: "
                "it was replaced, so restart the server and embed again"
            )
        rows = unit_rows(vectors, self.model)
        self._dimension = vectors.shape[1]
        return rows


class OllamaChat(_Service):
    """Answers with an Ollama model, at temperature 0 so that the same prompt tends to give the same answer."""

    def chat(
        self,
        system: str,
        user: str,
        cancelled: Callable[[], bool] = never,
        json_schema: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the whole answer, stripped. Raises ProviderUnavailable, and Cancelled between two tokens."""

        def request() -> str:
            return "".join(self._pieces(system, user, cancelled, json_schema)).strip()

        answer = self._call(request, cancelled)
        if not answer:
            raise ProviderUnavailable(f"{self._name} returned an empty answer of model '{self.model}'")
        return answer

    def _pieces(
        self, system: str, user: str, cancelled: Callable[[], bool], json_schema: Mapping[str, Any] | None
    ) -> Iterator[str]:
        """Stream the answer: only so can it be cancelled, and be bounded as a whole and not per read."""
        ends_at = time.monotonic() + self._timeout_s
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        options = {"temperature": 0.0, **_context_option(system + user)}
        form = None if json_schema is None else dict(json_schema)
        parts = self._client.chat(model=self.model, messages=messages, stream=True, options=options, format=form)
        for part in parts:
            if cancelled():
                raise Cancelled(f"the call of model '{self.model}' was cancelled")
            if time.monotonic() > ends_at:
                raise ProviderUnavailable(self._too_slow())
            yield part.message.content or ""
            if part.done:
                return
        raise ProviderUnavailable(f"{self._name} broke off its answer of model '{self.model}'")


_MALFORMED = (ValueError, TypeError, AttributeError)  # JSON that is broken, or whose values are of other types


def _may_pass(error: Exception) -> bool:
    """Whether trying again soon can help. A timeout is not tried again: the caller has waited long enough."""
    if isinstance(error, ollama.ResponseError):
        return error.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    return isinstance(error, ConnectionError | httpx.NetworkError | httpx.RemoteProtocolError)


def _context_option(prompt: str) -> dict[str, int]:
    """Ask for a context that holds the prompt, as Ollama cuts the start off one that does not fit without a word.

    UTF-8 bytes / 3 overestimates tokens in Latin and Chinese script alike. Powers of two, because Ollama loads the
    model anew for each size.
    """
    tokens = len(prompt.encode()) // 3 + ANSWER_TOKENS
    if tokens <= CONTEXT_TOKENS:
        return {}
    return {"num_ctx": min(1 << (tokens - 1).bit_length(), CONTEXT_TOKENS_MAX)}
