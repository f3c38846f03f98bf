"""One immutable generation of a vector index, open for searching: a FAISS index and the chunk each vector stands for.

`generation_build.py` writes generations; `serving.py` decides which one answers.

A filter that keeps few rows is scanned exactly: the scan costs what it keeps. Otherwise the graph is walked without
the filter and its answer filtered, fetching more until enough is left. FAISS can filter inside the graph instead,
but when the filter goes along with distance (only other topics are visible) recall fell to 0.91-0.95 on 100K x 384,
single queries to 0.3, and nothing in the answer tells; too few ids left over do tell.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from server.errors import DimensionMismatch, InvalidArgument, Unavailable
from server.vectors.generation_files import CHUNKS_SCHEMA, GenerationManifest, map_chunks, map_index, read_manifest
from server.vectors.metric import prepare, scores

Plan = Literal["exact", "hnsw", "exact+filter", "hnsw+filter"]
Ids = NDArray[np.int64]
Distances = NDArray[np.float32]

K_MAX = 10_000  # results per query; more than this is a table scan, not a search
FETCH_MAX = 16_384  # candidates taken from the graph for one query before the scan takes over
QUERY_BLOCK = 64  # queries handed to FAISS at once: with FETCH_MAX it bounds the candidates to 12 MiB
# A unit of ef costs what scanning this many vectors does: 2.3 us against 0.08 us on 100K x 384, one thread.
SCANNED_ROWS_PER_EF = 32


_faiss: Any = faiss  # its type stubs lack what its Python layer adds: arrays as arguments, keywords, parameter classes


@dataclass(frozen=True)
class Matches:
    """ids: (n, k) int64, -1 where there are fewer; scores: (n, k) float32, -inf there; plans: one for each query."""

    ids: Ids
    scores: NDArray[np.float32]
    plans: tuple[Plan, ...]


def open_generation(folder: Path, *, verify: bool = False) -> "Generation":
    """Map a finished generation; `verify` also reads it whole to compare digests.

    Raises NotFound or Unavailable, naming the file that is missing, damaged or of a newer format.
    """
    manifest = read_manifest(folder, verify=verify)
    return Generation(manifest, map_index(folder, manifest), map_chunks(folder, manifest))


class Generation:
    """Searches may run in any number of threads at once; each uses one. None of them changes the index."""

    def __init__(self, manifest: GenerationManifest, index: Any, batches: list[pa.RecordBatch]) -> None:
        """index: faiss.IndexFlat or IndexHNSWFlat; batches: CHUNKS_SCHEMA, in the order of FAISS ids."""
        self.manifest = manifest
        self._index = index
        self._batches: list[pa.RecordBatch] | None = batches
        self._first_ids = np.cumsum([0, *(batch.num_rows for batch in batches)])

    def search(self, queries: NDArray[Any], k: int, ef_search: int = 128, allowed: Ids | None = None) -> Matches:
        """Return the k nearest rows of each query, best first; never fewer while more are allowed.

        queries: (n, dimension), any float type. allowed: (m,) FAISS ids in rising order, the only ones that may be
        found; None for all. Raises DimensionMismatch; InvalidArgument for NaN, a zero vector under cosine, or
        k, ef_search or ids out of range; Unavailable once closed.
        """
        index = self._opened(self._index)
        queries = self._checked_queries(queries)
        if not 1 <= k <= K_MAX or ef_search < 1:
            raise InvalidArgument(f"k is {k} (allowed: 1 to {K_MAX}), ef_search is {ef_search} (allowed: 1 or more)")
        if allowed is not None:
            allowed = _checked_ids(allowed, self.manifest.rows)
        wanted = min(k, self.manifest.rows if allowed is None else len(allowed))
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        best = np.full((len(queries), k), -np.inf, dtype=np.float32)
        walked = np.zeros(len(queries), dtype=np.bool_)
        if wanted:
            with _one_thread():
                for start in range(0, len(queries), QUERY_BLOCK):
                    block = slice(start, start + QUERY_BLOCK)
                    distances, found, walked[block] = _nearest(index, queries[block], wanted, ef_search, allowed)
                    ids[block, :wanted] = found
                    best[block, :wanted] = scores(distances, self.manifest.metric)
        return Matches(ids, best, tuple(_plan(bool(walk), allowed is not None) for walk in walked))

    def chunks(self, ids: Ids) -> pa.Table:
        """Return the rows of CHUNKS_SCHEMA with these FAISS ids (n,), in that order. Raises InvalidArgument."""
        batches = self._opened(self._batches)
        if ids.size and (ids.min() < 0 or ids.max() >= self.manifest.rows):
            raise InvalidArgument(f"chunk rows are numbered from 0 to {self.manifest.rows - 1}")
        # Slices of the right batch take 25 us for 10 rows of 100K; Table.take takes 2,300 us.
        places = np.searchsorted(self._first_ids, ids, side="right") - 1
        starts = ids - self._first_ids[places]
        rows = [batches[place].slice(start, 1) for place, start in zip(places.tolist(), starts.tolist(), strict=True)]
        return pa.Table.from_batches(rows, schema=CHUNKS_SCHEMA).combine_chunks()

    def rows_of(self, documents: Collection[str]) -> Ids:
        """FAISS ids of every chunk of these doc_ids, in rising order."""
        wanted = pa.array(documents, pa.string())
        found = [pc.is_in(batch.column("doc_id"), wanted) for batch in self._opened(self._batches)]
        return np.flatnonzero(np.concatenate([part.to_numpy(zero_copy_only=False) for part in found] or [[]]))

    def documents(self) -> set[str]:
        """The doc_ids of all chunks."""
        return {
            str(name) for batch in self._opened(self._batches) for name in batch.column("doc_id").unique().to_pylist()
        }

    def close(self) -> None:
        """Let go of the mapped files, at once or when searches running in other threads end."""
        self._index = None
        self._batches = None

    def _opened(self, part: Any) -> Any:
        if part is None:
            raise Unavailable(f"generation {self.manifest.generation} of index {self.manifest.index_name!r} is closed")
        return part

    def _checked_queries(self, queries: NDArray[Any]) -> NDArray[np.float32]:
        manifest = self.manifest
        if queries.ndim == 2 and queries.shape[1] != manifest.dimension:
            raise DimensionMismatch(
                f"index {manifest.index_name!r} holds vectors of {manifest.dimension} dimensions, "
                f"the query has {queries.shape[1]}: embed it with {manifest.model!r}"
            )
        return prepare(queries, manifest.metric)


@contextmanager
def _one_thread() -> Iterator[None]:
    # OpenMP keeps this number per calling thread, and a new thread starts with all cores, so it is set for each call
    # (0.1 us) and put back for whatever else that thread runs.
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _plan(walked: bool, filtered: bool) -> Plan:
    if walked:
        return "hnsw+filter" if filtered else "hnsw"
    return "exact+filter" if filtered else "exact"


def _checked_ids(allowed: Ids, rows: int) -> Ids | None:
    """Return `allowed` as FAISS needs it, or None if it holds every row. FAISS itself checks no bounds."""
    ids = np.ascontiguousarray(allowed, dtype=np.int64)
    if ids.ndim != 1 or (ids.size and (ids[0] < 0 or ids[-1] >= rows or not (ids[1:] > ids[:-1]).all())):
        raise InvalidArgument(f"allowed ids must rise strictly and lie between 0 and {rows - 1}")
    return None if len(ids) == rows else ids


def _nearest(
    index: Any, queries: NDArray[np.float32], wanted: int, ef_search: int, allowed: Ids | None
) -> tuple[Distances, Ids, NDArray[np.bool_]]:
    """Return distances and ids, (n, wanted) each, and which queries (n,) the graph answered; the others were scanned.

    wanted: from 1 to the number of allowed rows. A query that the graph leaves short is walked again for four times
    as many candidates, as long as that is cheaper than the scan.
    """
    distances = np.empty((len(queries), wanted), dtype=np.float32)
    ids = np.empty((len(queries), wanted), dtype=np.int64)
    open_queries = np.arange(len(queries))
    if isinstance(index, faiss.IndexHNSW):
        candidates = index.ntotal if allowed is None else len(allowed)
        fetch = wanted if allowed is None else _fetch(wanted, candidates / index.ntotal)
        ef = max(ef_search, fetch if allowed is None else 2 * fetch)
        while open_queries.size and fetch <= FETCH_MAX and ef * SCANNED_ROWS_PER_EF < candidates:
            near, found, full = _walk(index, queries[open_queries], wanted, fetch, ef, allowed)
            distances[open_queries[full]], ids[open_queries[full]] = near[full], found[full]
            open_queries = open_queries[~full]
            fetch *= 4
            ef = max(ef_search, 2 * fetch)
    walked = np.ones(len(queries), dtype=np.bool_)
    walked[open_queries] = False
    if open_queries.size:
        distances[open_queries], ids[open_queries] = _scan(index, queries[open_queries], wanted, allowed)
    return distances, ids, walked


def _fetch(wanted: int, kept_share: float) -> int:
    """Return how many candidates leave `wanted` after a filter that keeps this share at random, three sigma sure."""
    return ceil((wanted + 3 * sqrt(wanted) + 3) / kept_share)


def _walk(
    index: Any, queries: NDArray[np.float32], wanted: int, fetch: int, ef: int, allowed: Ids | None
) -> tuple[Distances, Ids, NDArray[np.bool_]]:
    """Return the first `wanted` allowed of the `fetch` nearest in the graph, and which queries (n,) got that many."""
    parameters = _faiss.SearchParametersHNSW(efSearch=ef)
    distances, ids = index.search(queries, fetch, params=parameters)
    if allowed is None:  # FAISS puts its -1s last
        return distances[:, :wanted], ids[:, :wanted], ids[:, wanted - 1] >= 0
    places = np.minimum(np.searchsorted(allowed, ids), len(allowed) - 1)
    kept = allowed[places] == ids
    first = np.argsort(~kept, axis=1, kind="stable")[:, :wanted]
    full = kept.sum(axis=1) >= wanted
    return np.take_along_axis(distances, first, axis=1), np.take_along_axis(ids, first, axis=1), full


def _scan(index: Any, queries: NDArray[np.float32], wanted: int, allowed: Ids | None) -> tuple[Distances, Ids]:
    """Compare every allowed vector. A list of ids costs what it keeps; above half a bitmap is up to a fifth faster."""
    flat = faiss.downcast_index(index.storage) if isinstance(index, faiss.IndexHNSW) else index
    if allowed is None:
        distances, ids = flat.search(queries, wanted)
        return distances, ids
    if 2 * len(allowed) <= flat.ntotal:
        selector = _faiss.IDSelectorArray(allowed)
    else:
        bits = np.zeros(flat.ntotal, dtype=np.bool_)
        bits[allowed] = True
        selector = _faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
    distances, ids = flat.search(queries, wanted, params=_faiss.SearchParameters(sel=selector))
    return distances, ids
