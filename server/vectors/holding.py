"""What the generations on disk hold, read from their files: for hiding, erasing and proving, not for searching."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from server.errors import LakehouseError
from server.vectors.generation_files import finished_generations, map_chunks, read_manifest


def generations_of(root: Path, index_name: str) -> dict[int, Path]:
    """The folders of an index's finished generations, by number."""
    return {number: folder for name, number, folder in finished_generations(root) if name == index_name}


def chunks_in(folder: Path) -> list[pa.RecordBatch]:
    """Rows of CHUNKS_SCHEMA, mapped. Raises NotFound or Unavailable, naming what is missing or damaged."""
    return map_chunks(folder, read_manifest(folder))


def documents_in(folder: Path) -> set[str]:
    """The doc_ids of a generation; none for one that can't be read."""
    try:
        return {str(name) for batch in chunks_in(folder) for name in batch.column("doc_id").unique().to_pylist()}
    except LakehouseError:
        return set()


def texts_in(folder: Path) -> Iterator[tuple[str, str]]:
    """doc_id and text of each chunk that has one; nothing for a generation that can't be read."""
    try:
        batches = chunks_in(folder)
    except LakehouseError:
        return
    for batch in batches:
        pairs = zip(batch.column("doc_id").to_pylist(), batch.column("chunk_text").to_pylist(), strict=True)
        yield from ((str(doc_id), str(text)) for doc_id, text in pairs if text is not None)


def count_documents(folder: Path, documents: Collection[str]) -> int:
    """How many rows belong to these doc_ids. Raises as `chunks_in` does."""
    wanted = pa.array(documents, pa.string())
    return sum(pc.is_in(batch.column("doc_id"), wanted).true_count for batch in chunks_in(folder))
