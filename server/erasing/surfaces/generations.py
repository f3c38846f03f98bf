"""The surface of index generations: files with the vectors and texts of all documents, mapped into memory to search."""

import mmap
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from server.certificates.finding import Finding, Verdict
from server.engine.engine import SERVER, Engine
from server.erasing.traces import Traces
from server.erasure.documents import Needles, left_over
from server.errors import LakehouseError
from server.scanning.patterns import NEEDLE_BYTES_MIN
from server.vectors.building import IndexBuilder
from server.vectors.catalog import IndexCatalog
from server.vectors.generation_files import generation_folder, index_name_of
from server.vectors.holding import count_documents, generations_of

READ_BYTES = 16 << 20
MAPS = Path("/proc/self/maps")
MAPPED_WAIT_S = 30.0  # for searches that hold a generation which has gone
METHOD = (
    "every file of every generation that may hold rows of the dataset was read byte by byte for the erased texts and "
    "documents, its list of documents was read, and the process's memory maps were looked at for removed files"
)


class IndexGenerations:
    """needles: makes what looks for the given texts in bytes, by their number."""

    name = "index generations"

    def __init__(
        self,
        engine: Engine,
        indexes: IndexCatalog,
        builder: IndexBuilder,
        needles: Callable[[Iterable[str]], Needles],
    ) -> None:
        self._engine = engine
        self._indexes = indexes
        self._builder = builder
        self._needles = needles

    def erase(self, traces: Traces) -> int:
        """Replace each index's generation that has one of the documents, and remove all older ones, unfinished ones and
        those of indexes that are gone; how many had one. The embeddings must be erased before. No job may build these
        indexes meanwhile; searches go on."""
        replaced = sum(self._replace(index, documents) for index, documents in traces.documents.items())
        return replaced + self._remove_unknown()

    def _replace(self, name: str, documents: Collection[str]) -> int:
        with self._engine.locks.holding(f"index:{name.lower()}"):
            index = self._indexes.get(name)
            if index is None:
                return 0
            root, recorded = self._indexes.root, self._indexes.recorded(name)
            holding = [folder for folder in generations_of(root, name).values() if _holds(folder, documents)]
            if recorded is not None and generation_folder(root, name, recorded.generation) in holding:
                self._builder.regenerate(index)
            self._indexes.keep_only_newest(name)
            return len(holding)

    def _remove_unknown(self) -> int:
        """Remove what lies here of indexes that are gone; how many folders."""
        removed = 0
        for folder, name in self._folders():
            with self._engine.locks.holding(f"index:{name.lower()}"):
                if not self._knows(name) and folder.is_dir():
                    shutil.rmtree(folder)
                    removed += 1
        return removed

    def scan(self, traces: Traces) -> Finding:
        documents = {name for names in traces.documents.values() for name in names}
        texts = [t for t in dict.fromkeys([*traces.texts(), *documents]) if len(t.encode()) >= NEEDLE_BYTES_MIN]
        needles, overlap = self._needles(texts), max((len(text.encode()) for text in texts), default=1)
        examined, found, told = 0, 0, list[str]()
        for path, name in self._folders(traces):
            size, hits = _searched(path, needles, overlap)
            left = self._left(path, name, traces.documents.get(name, ()))
            left += len(self._unexplained(name, [texts[number] for number in hits]))
            examined, found = examined + size, found + left
            told += [f"{left} in {path.name}"] if left else []
        if mapped := _mapped(self._indexes.root):
            found += len(mapped)
            told.append(f"{len(mapped)} removed files are still in memory")
        verdict = Verdict.FOUND if found else Verdict.CLEAN
        return Finding(verdict, METHOD, examined, "bytes", found, ", ".join(told))

    def _folders(self, traces: Traces | None = None) -> Iterator[tuple[Path, str]]:
        """What lies in the folder of indexes, with the index's name; of other datasets' indexes nothing."""
        for path in sorted(self._indexes.root.iterdir()):
            name = index_name_of(path)
            if not self._knows(name) or (traces is not None and name in traces.documents):
                yield path, name

    def _knows(self, name: str) -> bool:
        index = self._indexes.get(name)
        return index is not None and index.index_name == name

    def _left(self, folder: Path, name: str, documents: Collection[str]) -> int:
        """Rows of the documents; 1 for what should not be there at all, or can't be read."""
        recorded = self._indexes.recorded(name)
        newest = recorded and generation_folder(self._indexes.root, name, recorded.generation)
        if not self._knows(name) or folder != newest:
            return int(folder.is_dir())
        try:
            return count_documents(folder, documents)
        except LakehouseError:
            return 1

    def _unexplained(self, name: str, texts: list[str]) -> list[str]:
        index = self._indexes.get(name)
        cursor = self._engine.cursor(SERVER)
        try:
            return left_over(cursor, index, texts)
        finally:
            cursor.close()


def _holds(folder: Path, documents: Collection[str]) -> bool:
    """One that can't be read is taken to."""
    try:
        return count_documents(folder, documents) > 0
    except LakehouseError:
        return True


def _searched(path: Path, needles: Needles, overlap: int) -> tuple[int, set[int]]:
    """Bytes read of a file, or of all files in a folder, and which texts are in them."""
    size, hits = 0, set[int]()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if not file.is_file() or not file.stat().st_size:
            continue
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            size += len(data)
            for start in range(0, len(data), READ_BYTES):
                hits |= needles.find(data[start : start + READ_BYTES + overlap])
    return size, hits


def _mapped(root: Path) -> set[str]:
    """Removed files under root that this process still has in memory, once searches had time to end. Empty where the
    system doesn't tell."""
    deadline = time.monotonic() + MAPPED_WAIT_S
    while True:
        lines = MAPS.read_text().splitlines() if MAPS.exists() else []
        found = {line for line in lines if f" {root.resolve()}/" in line and line.endswith(" (deleted)")}
        paths = {line[line.index("/") :] for line in found}
        if not paths or time.monotonic() > deadline:
            return paths
        time.sleep(0.05)
