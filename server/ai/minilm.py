"""The built-in embedding provider: all-MiniLM-L6-v2 on this machine, with no service to start.

Measured on 2 cores with AVX-512: batches of about 256 tokens on one thread per core do half as many tokens a second
again as batches of 4,096 tokens on all cores together, because the activations of a small batch stay in the core's own
cache and no core waits for another. Small batches also let a query's one text overtake a bulk embedding.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from server.ai.minilm_convert import converted, package_folder
from server.ai.providers import never, refuse_blank, unit_rows
from server.errors import Cancelled, ProviderUnavailable

ComputeType = Literal["int8", "float32", "int8_float16", "float16"]
Device = Literal["cpu", "cuda"]

TOKENS_MAX = 256  # what the model was trained on; the rest of a longer text is ignored
BATCH_TOKENS: Final[dict[Device, int]] = {"cpu": 256, "cuda": 16_384}
WINDOW_TEXTS = 2_048  # tokenised and sorted together; bounds memory, as a tokenised text takes kilobytes


@dataclass(frozen=True)
class _Batch:
    """Texts of about one length. rows: (n,) positions in the window; ids: (n, longest) int32; lengths: (n,) int32."""

    rows: NDArray[np.intp]
    ids: NDArray[np.int32]
    lengths: NDArray[np.int32]


@dataclass(frozen=True)
class _Loaded:
    """A model in memory. One pool thread per replica of the encoder keeps all of them busy."""

    tokenizer: Any
    encoder: Any
    pool: ThreadPoolExecutor


class MiniLM:
    """all-MiniLM-L6-v2, loaded at the first use and shared by any number of threads.

    cache: folder for the converted weights (23 MB in int8), made at the first use. threads: cores to use, 0 = all that
    this process may use. A first use raises ProviderUnavailable if the weights or the device are missing.
    """

    model: Final = "all-MiniLM-L6-v2"
    dimension: Final = 384

    def __init__(
        self, cache: Path, compute_type: ComputeType = "int8", threads: int = 0, device: Device = "cpu"
    ) -> None:
        self._cache = cache
        self._compute_type = compute_type
        self._threads = threads or len(os.sched_getaffinity(0))
        self._device: Device = device
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    def embed(self, texts: Sequence[str], cancelled: Callable[[], bool] = never) -> NDArray[np.float32]:
        """Return one unit-length row per text: (len(texts), 384) float32, C order, in the order of `texts`.

        A text beyond 256 tokens counts with its first 256. Raises InvalidArgument for a blank text, and Cancelled
        within a few batches of `cancelled` saying so.
        """
        refuse_blank(texts)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), WINDOW_TEXTS):
            window = texts[start : start + WINDOW_TEXTS]
            self._embed_window(window, vectors[start : start + len(window)], cancelled)
        return unit_rows(vectors, self.model)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has before any is cut off, the two that mark its ends included."""
        return [len(encoding.ids) for encoding in self._model().tokenizer.encode_batch_fast(list(texts))]

    def _embed_window(self, texts: Sequence[str], vectors: NDArray[np.float32], cancelled: Callable[[], bool]) -> None:
        """Fill `vectors`, (len(texts), 384), with the mean vectors of the texts' tokens."""
        if cancelled():
            raise Cancelled("embedding was cancelled")
        loaded = self._model()
        encodings = loaded.tokenizer.encode_batch_fast(list(texts))
        batches = list(_batches([_truncate(encoding.ids) for encoding in encodings], BATCH_TOKENS[self._device]))
        futures = [loaded.pool.submit(_mean_vectors, loaded.encoder, batch) for batch in batches]
        try:
            for batch, future in zip(batches, futures, strict=True):
                vectors[batch.rows] = future.result()
                if cancelled():
                    raise Cancelled("embedding was cancelled")
        except RuntimeError as error:  # what CTranslate2 raises, for example when the GPU's memory is full
            raise ProviderUnavailable(f"model '{self.model}' failed on device '{self._device}': {error}") from error
        finally:
            for future in futures:
                future.cancel()

    def _model(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> _Loaded:
        folder = converted(self._cache, "int8" if self._compute_type.startswith("int8") else "float32")
        replicas = self._threads if self._device == "cpu" else 1
        try:
            encoder = ctranslate2.Encoder(
                str(folder),
                device=self._device,
                compute_type=self._compute_type,
                inter_threads=replicas,
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise ProviderUnavailable(
                f"model '{self.model}' did not load on device '{self._device}' as {self._compute_type}: {error}; "
                f"choose another device, or delete {folder} to have it converted again"
            ) from error
        tokenizer = Tokenizer.from_file(str(package_folder() / "tokenizer.json"))
        tokenizer.no_truncation()  # the file asks for 128 tokens and padding to 128
        tokenizer.no_padding()
        return _Loaded(tokenizer, encoder, ThreadPoolExecutor(replicas, thread_name_prefix="embed"))


def _truncate(ids: list[int]) -> list[int]:
    """Keep the first TOKENS_MAX ids, the last of them being the mark that ends a text."""
    return ids if len(ids) <= TOKENS_MAX else [*ids[: TOKENS_MAX - 1], ids[-1]]


def _batches(sequences: list[list[int]], tokens_max: int) -> Iterator[_Batch]:
    """Group texts of about one length, longest first, so that a batch with its padding holds at most `tokens_max`."""
    order = sorted(range(len(sequences)), key=lambda row: len(sequences[row]), reverse=True)
    start = 0
    while start < len(order):
        longest = len(sequences[order[start]])
        rows = order[start : start + max(1, tokens_max // longest)]
        start += len(rows)
        ids = np.zeros((len(rows), longest), dtype=np.int32)  # 0 is the padding token
        for line, row in enumerate(rows):
            ids[line, : len(sequences[row])] = sequences[row]
        lengths = np.array([len(sequences[row]) for row in rows], dtype=np.int32)
        yield _Batch(np.array(rows, dtype=np.intp), ids, lengths)


def _mean_vectors(encoder: Any, batch: _Batch) -> NDArray[np.float32]:
    """Return the mean over each text's own tokens, (n, 384) float32; padding counts for nothing."""
    view = ctranslate2.StorageView.from_array
    states = encoder.forward_batch(view(batch.ids), view(batch.lengths)).last_hidden_state
    on_host = states.to_device(ctranslate2.Device.cpu).to(ctranslate2.DataType.float32)
    own = np.arange(batch.ids.shape[1]) < batch.lengths[:, None]
    weights = own.astype(np.float32) / batch.lengths[:, None].astype(np.float32)
    mean: NDArray[np.float32] = np.einsum("nt,ntd->nd", weights, np.asarray(on_host))
    return mean
