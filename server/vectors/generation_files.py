"""A generation on disk: its folder's name, its manifest, and reading both back with checks.

    <root>/<index name, percent-quoted>.g<generation>/
        index.faiss     the vectors, and the graph for kind 'hnsw'
        chunks.arrow    Arrow IPC file; row i belongs to FAISS id i
        manifest.json   a GenerationManifest: what it is, and the size and SHA-256 of the two above

A folder is written under its name plus '.unfinished' and renamed when all is on disk, and renamed back before it is
removed, so a folder without that ending is whole.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

import faiss
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from server.errors import InvalidArgument, NotFound, Unavailable
from server.vectors.metric import Metric

Kind = Literal["exact", "hnsw"]

FORMAT = 1  # raised when an older reader could not read what is written
INDEX_FILE, CHUNKS_FILE, MANIFEST_FILE = "index.faiss", "chunks.arrow", "manifest.json"
_FIELDS: Any = [
    pa.field("doc_id", pa.string(), nullable=False),
    pa.field("chunk_id", pa.int32(), nullable=False),
    pa.field("chunk_text", pa.large_string()),
]
CHUNKS_SCHEMA = pa.schema(_FIELDS)
_UNFINISHED = ".unfinished"
_FOLDER_NAME_MAX = 240  # bytes; file systems allow 255, the ending included


class FileRecord(BaseModel):
    """What a file was when it was written. sha256: lower-case hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size_bytes: int
    sha256: str


class HnswParameters(BaseModel):
    """m: links per vector and layer; ef_construction: candidates considered when a vector is linked."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    m: int
    ef_construction: int


class GenerationManifest(BaseModel):
    """What a generation is. hnsw: None for kind 'exact'; created_at: UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: int
    index_name: str
    generation: int
    model: str
    dimension: int
    metric: Metric
    kind: Kind
    hnsw: HnswParameters | None
    rows: int
    files: dict[str, FileRecord]
    created_at: datetime


class _FormatOnly(BaseModel):
    format: int


def generation_folder(root: Path, index_name: str, generation: int) -> Path:
    """Return the folder of a finished generation. Raises InvalidArgument for a name that makes no folder name."""
    name = f"{quote(index_name, safe='')}.g{generation}"
    if not index_name or generation < 0 or len(name) > _FOLDER_NAME_MAX:
        raise InvalidArgument(f"index {index_name[:80]!r} generation {generation}: empty, negative or too long a name")
    return root / name


def finished_generations(root: Path) -> Iterator[tuple[str, int, Path]]:
    """Give the (index name, generation, folder) of every finished generation under `root`."""
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        name, _, number = folder.name.rpartition(".g")
        if name and number.isdecimal():
            yield unquote(name), int(number), folder


def unfinished_folder(folder: Path) -> Path:
    """Return the name under which `folder` is written and removed."""
    return folder.with_name(folder.name + _UNFINISHED)


def index_name_of(folder: Path) -> str:
    """The index that a generation's folder belongs to, finished or not; '' for what is no generation's."""
    return unquote(folder.name.removesuffix(_UNFINISHED).rpartition(".g")[0])


def remove_unfinished(root: Path, index_name: str | None = None) -> list[Path]:
    """Remove and return what crashes left under `root`, of one index or of all. Nothing of it may be being built: a
    running build looks the same."""
    found = sorted(root.glob("*" + _UNFINISHED)) if root.is_dir() else []
    left = [folder for folder in found if index_name in (None, index_name_of(folder))]
    for folder in left:
        shutil.rmtree(folder)
    return left


def remove_generation(folder: Path) -> None:
    """Remove a finished generation, never leaving half of one. Readers that have it open keep their mapped files."""
    doomed = unfinished_folder(folder)
    try:
        folder.rename(doomed)
    except FileNotFoundError:
        raise NotFound(f"there is no generation at {folder}") from None
    sync(folder.parent)
    shutil.rmtree(doomed)


def sync(path: Path) -> None:
    """Force a file, or a folder's list of names, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_record(path: Path) -> FileRecord:
    """Read the file once and return its size and digest."""
    with path.open("rb") as file:
        return FileRecord(size_bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def write_manifest(folder: Path, manifest: GenerationManifest) -> None:
    """Write manifest.json and force it to disk."""
    path = folder / MANIFEST_FILE
    path.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    sync(path)


def read_manifest(folder: Path, *, verify: bool = False) -> GenerationManifest:
    """Return the manifest after comparing the files with it: sizes always, digests too if `verify`.

    Raises NotFound for a folder or file that is missing, Unavailable for one that is damaged, unfinished or of a
    newer format; the message names it.
    """
    path = folder / MANIFEST_FILE
    if folder.name.endswith(_UNFINISHED):
        raise Unavailable(f"{folder} was never finished: build the generation again")
    try:
        text = path.read_bytes()
        written_as = _FormatOnly.model_validate_json(text).format
        if written_as > FORMAT:
            raise Unavailable(f"{path} has format {written_as}, this server reads up to {FORMAT}: use a newer server")
        manifest = GenerationManifest.model_validate_json(text)
    except FileNotFoundError:
        raise NotFound(f"{path} is missing") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Unavailable(f"{path} is damaged: {'.'.join(map(str, first['loc']))} {first['msg']}") from None
    for name in (INDEX_FILE, CHUNKS_FILE):
        _check_file(folder / name, manifest.files.get(name), verify)
    return manifest


def _check_file(path: Path, record: FileRecord | None, verify: bool) -> None:
    if record is None:
        raise Unavailable(f"{path} is not in its manifest: build the generation again")
    if not path.is_file():
        raise NotFound(f"{path} is missing: build the generation again")
    size_bytes = path.stat().st_size
    if size_bytes != record.size_bytes:
        raise Unavailable(f"{path} is damaged: {size_bytes} bytes instead of {record.size_bytes}")
    if verify and file_record(path) != record:
        raise Unavailable(f"{path} is damaged: its SHA-256 is not the one in the manifest")


def map_index(folder: Path, manifest: GenerationManifest) -> Any:
    """Return the FAISS index, its vectors and links mapped rather than copied. Raises Unavailable if it is damaged."""
    path = folder / INDEX_FILE
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except (RuntimeError, MemoryError) as error:  # a damaged length asks for memory that there is not
        raise Unavailable(f"{path} is damaged: FAISS cannot read it") from error
    found = (isinstance(index, faiss.IndexHNSWFlat), index.d, index.ntotal, index.metric_type)
    if found != (manifest.kind == "hnsw", manifest.dimension, manifest.rows, manifest.metric.faiss_metric):
        raise Unavailable(f"{path} is not the index that its manifest describes")
    return index


def map_chunks(folder: Path, manifest: GenerationManifest) -> list[pa.RecordBatch]:
    """Return the rows of chunks.arrow as batches over mapped memory. Raises Unavailable if it is damaged."""
    path = folder / CHUNKS_FILE
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
    except (pa.ArrowInvalid, OSError) as error:
        raise Unavailable(f"{path} is damaged: Arrow cannot read it") from error
    if reader.schema != CHUNKS_SCHEMA or sum(batch.num_rows for batch in batches) != manifest.rows:
        raise Unavailable(f"{path} does not hold the rows that its manifest describes")
    return batches
