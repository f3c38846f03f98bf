"""The surface of the tables of embeddings: `vectors.<index>` holds a row for each chunk of text, with its vector."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa

from server.catalog.datasets import Dataset
from server.certificates.finding import Finding, Verdict
from server.engine.commits import commit_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.erasing.rewriting import rewrite
from server.erasing.traces import Traces
from server.erasure.documents import ERASING as SQL
from server.erasure.documents import Needles, has_embeddings, left_over
from server.sql.quoting import qualified
from server.vectors.catalog import IndexCatalog
from server.vectors.reading import batches

DOCUMENTS = "lakehouse_erased_documents"
READ_ROWS = 8192
METHOD = (
    "the table of each index that may hold rows of the dataset was read whole, for rows of the erased documents, for "
    "erased texts in its chunks that the rows left do not have, and for deleted rows in its live files"
)


class Embeddings:
    """needles: makes what looks for the given texts in bytes, by their number."""

    name = "embeddings"

    def __init__(self, engine: Engine, indexes: IndexCatalog, needles: Callable[[Iterable[str]], Needles]) -> None:
        self._engine = engine
        self._indexes = indexes
        self._needles = needles

    def erase(self, traces: Traces) -> int:
        """Delete the documents' rows, one commit for each index, and take all deleted rows out of the live files, those
        of earlier refreshes too; how many rows are deleted. No job may build these indexes meanwhile."""
        return sum(self._erase(index, documents) for index, documents in traces.documents.items())

    def _erase(self, index: str, documents: Sequence[str]) -> int:
        cursor = self._engine.cursor(SERVER)
        try:
            with self._engine.locks.holding(f"index:{index.lower()}"):
                if not has_embeddings(cursor, index):
                    return 0
                cursor.register(DOCUMENTS, pa.table({"doc_id": pa.array(documents, pa.string())}))
                delete = SQL["delete"].format(embeddings=qualified_embeddings(index), documents=DOCUMENTS)
                message = f"erasure in index {index}"
                deleted = commit_on(cursor, SERVER, message, lambda c: int(c.rows(delete)[0][0]))
                cursor.unregister(DOCUMENTS)
                rewrite(self._engine, cursor, Dataset("vectors", index, "table"))
                return deleted
        finally:
            cursor.close()

    def scan(self, traces: Traces) -> Finding:
        texts = list(dict.fromkeys(traces.texts()))
        needles = self._needles(texts)
        examined, found, told = 0, 0, []
        cursor = self._engine.cursor(SERVER)
        try:
            for index, documents in traces.documents.items():
                if has_embeddings(cursor, index):
                    rows, left = self._scan(cursor, index, documents, texts, needles)
                    examined, found = examined + rows, found + left
                    told += [f"{left} in vectors.{index}"] if left else []
        finally:
            cursor.close()
        verdict = Verdict.FOUND if found else Verdict.CLEAN
        return Finding(verdict, METHOD, examined, "rows", found, ", ".join(told))

    def _scan(
        self, cursor: LakeCursor, index: str, documents: Sequence[str], texts: list[str], needles: Needles
    ) -> tuple[int, int]:
        """Rows read, traces found: rows of the documents, erased texts, deleted rows that a live file still has."""
        cursor.register(DOCUMENTS, pa.table({"doc_id": pa.array(documents, pa.string())}))
        counted = SQL["left"].format(embeddings=qualified_embeddings(index), documents=DOCUMENTS)
        rows, left = cursor.rows(counted)[0]
        cursor.unregister(DOCUMENTS)
        dead = cursor.rows(SQL["dead"], [index])[0][0]
        hits = set[int]()
        for data in _chunks(cursor, index):
            hits |= needles.find(data)
        definition = self._indexes.get(index)
        unexplained = left_over(cursor, definition, [texts[number] for number in hits])
        return int(rows), int(left) + int(dead) + len(unexplained)


def qualified_embeddings(index: str) -> str:
    """The full name of an index's table of embeddings, SQL text; also of an index that is not known any more."""
    return qualified("lakehouse", "vectors", index)


def _chunks(cursor: LakeCursor, index: str) -> Iterator[bytes]:
    """The texts of some rows after one another, parted by a NUL."""
    for batch in batches(cursor, SQL["chunks"].format(embeddings=qualified_embeddings(index)), READ_ROWS):
        yield "\0".join(text for column in batch.columns for text in column.to_pylist() if text is not None).encode()
