"""The surfaces of folders whose files are no part of the lake."""

from pathlib import Path

from server.certificates.finding import Finding, Verdict
from server.engine.engine import Engine
from server.erasing.traces import Traces
from server.scanning.columns import scan_parquet
from server.scanning.files import scan_folder

METHOD = "the names and bytes of all its files were read"
DECODED_METHOD = "the names and bytes of all its files were read, and the values in Parquet files"
# Their bytes don't show what is in them.
PACKED = frozenset(
    ".gz .zst .zip .bz2 .xz .lz4 .7z .xlsx .ods .docx .pdf .duckdb .db .orc .avro .arrow .feather".split()
)


class Folder:
    """One that the server alone writes. keys_only: it has nothing to do with datasets, and values would be found there
    by chance."""

    def __init__(self, name: str, folder: Path, keys_only: bool = False) -> None:
        self.name = name
        self._folder = folder
        self._keys_only = keys_only

    def erase(self, traces: Traces) -> int:
        """Nothing: what is in it is in use, and goes when it is not."""
        return 0

    def scan(self, traces: Traces) -> Finding:
        if not self._folder.is_dir():
            return Finding(Verdict.CLEAN, METHOD, 0, "bytes", detail="it is not there")
        scanned = scan_folder(self._folder, traces.key_needles if self._keys_only else traces.needles)
        return _finding(METHOD, scanned.bytes, scanned.hits, 0)


class OpenFolder:
    """One that people put files into or take them from: the server looks, and leaves the files to them."""

    def __init__(self, name: str, engine: Engine, folder: Path) -> None:
        self.name = name
        self._engine = engine
        self._folder = folder

    def erase(self, traces: Traces) -> int:
        """Nothing."""
        return 0

    def scan(self, traces: Traces) -> Finding:
        if not self._folder.is_dir():
            return Finding(Verdict.CLEAN, DECODED_METHOD, 0, "bytes", detail="it is not there")
        scanned = scan_folder(self._folder, traces.needles)
        files = [path for path in self._folder.rglob("*") if path.is_file()]
        parquet = [str(path.resolve()) for path in files if path.suffix.lower() == ".parquet"]
        hits = dict(scanned.hits)
        if parquet:
            decoded = self._engine.read(lambda cursor: scan_parquet(cursor, parquet, traces.needles))
            root = self._folder.resolve()
            hits |= {str(Path(path).relative_to(root)): found for path, found in decoded.hits.items()}
        packed = sum(path.suffix.lower() in PACKED for path in files)
        return _finding(DECODED_METHOD, scanned.bytes, hits, packed)


def _finding(method: str, size: int, hits: dict[str, set[int]], packed: int) -> Finding:
    """packed: how many files could not be looked into. Names of files are not told: they may be traces themselves."""
    found = len(set().union(*hits.values()))
    told = [f"in {len(hits)} files"] if hits else []
    told += [f"{packed} packed files were not looked into"] if packed else []
    verdict = Verdict.FOUND if hits else Verdict.UNPROVEN if packed else Verdict.CLEAN
    return Finding(verdict, method, size, "bytes", found, "; ".join(told))
