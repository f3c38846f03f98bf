"""Which files a statement may read or write: those in the import and the export folder, links followed."""

import os
from pathlib import Path

from server.errors import PermissionDenied

FILE_ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".db", ".duckdb", ".ducklake", ".gz", ".zst")
WILDCARDS = "*?["


class Folders:
    """The folders, resolved."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def check(self, path: str) -> None:
        """Raise PermissionDenied unless the path lies in one of the folders; for a pattern, all that it may match."""
        if "://" in path or "\\" in path or any(character < " " for character in path):
            raise self._refused(path)
        if any(wildcard in path for wildcard in WILDCARDS):
            self._check_pattern(path)
        elif not self._holds(Path(path)):
            raise self._refused(path)

    def _check_pattern(self, path: str) -> None:
        """What is before the first wildcard must lie inside, nothing may climb out after it, nor a link lead out."""
        first = min(path.index(wildcard) for wildcard in WILDCARDS if wildcard in path)
        fixed = Path(path[: path.rfind("/", 0, first) + 1] or ".")
        if ".." in Path(path).parts or not self._holds(fixed):
            raise self._refused(path)
        for folder, subfolders, files in os.walk(fixed):
            for name in (*subfolders, *files):
                found = Path(folder, name)
                if found.is_symlink() and not self._holds(found):
                    raise self._refused(str(found))

    def _holds(self, path: Path) -> bool:
        target = path.resolve()
        return any(target.is_relative_to(folder) for folder in self._folders)

    def _refused(self, path: str) -> PermissionDenied:
        return PermissionDenied(f"file {path!r} is not under {' or '.join(str(folder) for folder in self._folders)}")


def looks_like_file(name: str) -> bool:
    """Whether DuckDB may take the name of a table for a file; name: its parts joined by dots, as DuckDB does."""
    return "/" in name or "\\" in name or "*" in name or name.lower().endswith(FILE_ENDINGS)


def unnamed_reader(name: str) -> PermissionDenied:
    return PermissionDenied(f"to read file {name!r}, name a reader: read_csv, read_json, read_parquet")
