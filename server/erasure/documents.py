"""Which documents of the vector indexes stand for rows that are taken away: searches hide them, an erasure ends them.

An index over a table names its documents by a column of the rows. What an index over a view took from a row that is
gone, only the view itself can tell: by what it does not give any more.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

import pyarrow as pa

from catalog_sql import named_queries
from server.catalog.datasets import SQL as DATASETS
from server.catalog.datasets import Dataset, checked_name
from server.engine.cursor import LakeCursor
from server.erasure.deleted import deleted_table
from server.erasure.keys import SQL
from server.errors import LakehouseError, NotFound
from server.logs import logger
from server.sql.quoting import identifier
from server.vectors.catalog import IndexCatalog
from server.vectors.definition import IndexDefinition
from server.vectors.holding import documents_in, generations_of, texts_in
from server.vectors.reading import batches

ERASING = named_queries("queries/erasing_vectors.sql")
READ_ROWS = 8192
COMPARED_MAX = 1000  # texts that are looked for in every row
TEXTS = "lakehouse_erased_texts"

_log = logger("erasure")


class Needles(Protocol):
    """Texts to look for in bytes."""

    def find(self, data: bytes, /) -> set[int]:
        """Numbers of the texts that are in it."""


def may_hold(cursor: LakeCursor, index: IndexDefinition, dataset: Dataset) -> bool:
    """Whether the index may hold rows of the dataset: one over a view, or over what is gone, is taken to."""
    return index.dataset.lower() == dataset.name.lower() or not _is_table(cursor, index)


def hidden_documents(
    cursor: LakeCursor, catalog: IndexCatalog, indexes: Iterable[IndexDefinition]
) -> dict[str, frozenset[str]]:
    """Index name → the documents whose rows are taken away, as the cursor sees the lake now: what no search may find.

    An index over a table is compared with the table's deleted rows alone, an index over a view with the view: what of a
    document changed there is hidden with it until the index is refreshed.
    """
    deleted = deleted_tables(cursor)
    found = {}
    for index in indexes:
        rows = deleted.get(index.dataset.lower())
        compare = rows is None and bool(deleted) and not _is_table(cursor, index)
        found[index.index_name] = _taken_away(cursor, index, rows, compare, partial(_serving, catalog, index))
    return found


def documents_of(
    cursor: LakeCursor, catalog: IndexCatalog, dataset: Dataset, needles: Needles | None = None
) -> dict[str, tuple[str, ...]]:
    """Index name → the documents that an erasure of the dataset's deleted rows ends; an entry for every index that may
    hold rows of the dataset, even if it holds none to end.

    They are those of deleted rows, those that the index's source does not give any more, and of an index over a view
    those whose text has one of the needles: a view may put several rows into one document. An index whose source can't
    be read loses all. Call it before the deleted rows are gone.
    """
    deleted = deleted_tables(cursor)
    found = {}
    for index in catalog.all():
        if not may_hold(cursor, index, dataset):
            continue
        held = _held(cursor, catalog, index)
        ended = _taken_away(cursor, index, deleted.get(index.dataset.lower()), True, partial(frozenset, held))
        if needles is not None and not _is_table(cursor, index):
            ended |= _with_text(cursor, catalog, index, needles)
        found[index.index_name] = tuple(sorted(ended & held))
    return found


def deleted_tables(cursor: LakeCursor) -> dict[str, str]:
    """Dataset in lower case → the full name of the table of its deleted rows, SQL text."""
    return {str(row[0]).lower(): deleted_table(str(row[0])) for row in cursor.rows(SQL["deleted_tables"])}


def has_embeddings(cursor: LakeCursor, index_name: str) -> bool:
    return bool(cursor.rows(DATASETS["existing"], ["vectors", index_name]))


def left_over(cursor: LakeCursor, index: IndexDefinition | None, texts: Sequence[str]) -> list[str]:
    """Those of the texts that no row of the index's source has in its key or indexed text, as far as that can be read:
    what the rows left say is no trace of those that are gone. index: None for one that is not known any more. Of more
    than COMPARED_MAX texts, all."""
    if index is None or not 0 < len(texts) <= COMPARED_MAX:
        return list(texts)
    cursor.register(TEXTS, pa.table({"text": pa.array(texts, pa.string())}))
    try:
        text = ERASING["left_over"].format(texts=TEXTS, source=index.source, held=_indexed(index))
        return [str(row[0]) for row in cursor.rows(text)]
    except LakehouseError:  # its source is gone
        return list(texts)
    finally:
        cursor.unregister(TEXTS)


def _indexed(index: IndexDefinition) -> str:
    """An SQL expression for all that an index takes of a row as text."""
    key = f"CAST({identifier(index.key_column)} AS VARCHAR)"
    return f"concat_ws(chr(10), {key}, {index.text()})" if index.text_columns else key


def _taken_away(
    cursor: LakeCursor,
    index: IndexDefinition,
    deleted: str | None,
    compare: bool,
    held: Callable[[], frozenset[str]],
) -> frozenset[str]:
    """deleted: the table of deleted rows of the index's own dataset, SQL text. compare: whether what the source does
    not give any more is taken away too. held: all documents of the index."""
    try:
        found = frozenset[str]()
        if deleted is not None:
            found |= _column(cursor, SQL["hidden"].format(key=identifier(index.key_column), deleted=deleted))
        if compare:
            visible = SQL["visible"].format(key=identifier(index.key_column), source=index.source)
            found |= held() - _column(cursor, visible) | _changed(cursor, index)
        return found
    except LakehouseError as error:
        # Its column or its view is gone: nothing tells which of its documents may still be found.
        _log.error("an index whose source can't be read finds nothing", index=index.index_name, error=str(error))
        return held()


def _changed(cursor: LakeCursor, index: IndexDefinition) -> frozenset[str]:
    """Documents of an index over a view that hold what the view does not give any more: it may put several rows into
    one document."""
    if not index.text_columns or _is_table(cursor, index) or not has_embeddings(cursor, index.index_name):
        return frozenset()
    names = {"key": identifier(index.key_column), "text": index.text(), "source": index.source}
    return _column(cursor, ERASING["changed"].format(embeddings=index.embeddings, **names))


def _column(cursor: LakeCursor, text: str) -> frozenset[str]:
    return frozenset(str(value) for value in cursor.execute(text).table().column(0).to_pylist())


def _is_table(cursor: LakeCursor, index: IndexDefinition) -> bool:
    rows = cursor.rows(DATASETS["existing"], list(checked_name(index.dataset)))
    return bool(rows) and rows[0][2] == "table"


def _serving(catalog: IndexCatalog, index: IndexDefinition) -> frozenset[str]:
    """Documents of the generation that answers."""
    try:
        with catalog.serving.current(index.index_name) as generation:
            return frozenset(generation.documents())
    except NotFound:
        return frozenset()


def _held(cursor: LakeCursor, catalog: IndexCatalog, index: IndexDefinition) -> frozenset[str]:
    """Documents of every generation on disk and of the embeddings."""
    held = frozenset[str]()
    if has_embeddings(cursor, index.index_name):
        held |= _column(cursor, f"SELECT DISTINCT doc_id FROM {index.embeddings}")
    return held.union(*map(documents_in, generations_of(catalog.root, index.index_name).values()))


def _with_text(cursor: LakeCursor, catalog: IndexCatalog, index: IndexDefinition, needles: Needles) -> frozenset[str]:
    """Documents that have one of the needles in a chunk, of the embeddings or of a generation on disk."""
    found = set[str]()
    if has_embeddings(cursor, index.index_name):
        text = f"SELECT doc_id, chunk_text FROM {index.embeddings} WHERE chunk_text IS NOT NULL"
        for batch in batches(cursor, text, READ_ROWS):
            pairs = zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
            found |= {str(doc_id) for doc_id, chunk in pairs if needles.find(str(chunk).encode())}
    for folder in generations_of(catalog.root, index.index_name).values():
        found |= {doc_id for doc_id, chunk in texts_in(folder) if needles.find(chunk.encode())}
    return frozenset(found)
