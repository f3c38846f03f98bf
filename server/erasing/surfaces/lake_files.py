"""The surfaces of the lake's snapshots and of the files under its data path, which live as long as one needs them.

Both are erased and scanned while nobody uses the lake: what reads an older snapshot would find its files gone.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from catalog_sql import named_queries
from server.catalog.facts import keep_facts
from server.certificates.finding import Finding, Verdict
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasing.lake_paths import known_files
from server.erasing.traces import Traces
from server.sql.quoting import literal

SQL = named_queries("queries/erasing.sql")
FILES_METHOD = (
    "every file under the lake's data path was looked up among those that the catalog knows, and names of files and "
    "folders were searched for erased texts"
)
SNAPSHOTS_METHOD = "the snapshots that the catalog still has were counted: one may be left, the newest"
VERSIONS = "older versions of objects, which the bucket may keep, are not looked at"


class Snapshots:
    """drained: brings every commit into the journal that an expired snapshot could not tell it any more."""

    name = "snapshots"

    def __init__(self, engine: Engine, drained: Callable[[], object]) -> None:
        self._engine = engine
        self._drained = drained

    def erase(self, traces: Traces) -> int:
        """Expire all but the newest; how many."""
        self._drained()
        keep_facts(self._engine, int(self._engine.read(lambda c: c.rows(SQL["snapshots"]))[0][2]))
        before = _count(self._engine)
        _run(self._engine, SQL["expire"])
        return before - _count(self._engine)

    def scan(self, traces: Traces) -> Finding:
        left = _count(self._engine)
        verdict = Verdict.FOUND if left > 1 else Verdict.CLEAN
        return Finding(verdict, SNAPSHOTS_METHOD, left, "snapshots", left - 1)


class LakeFiles:
    """After its snapshots."""

    name = "lake files"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, traces: Traces) -> int:
        """Remove what no snapshot needs, and what no snapshot ever had; how many files."""
        settings = self._engine.settings
        removed = _run(self._engine, SQL["clean_up"])
        if not (settings.lake_catalog or settings.lake_data):  # else another server may be writing them
            removed += _run(self._engine, SQL["remove_unknown"])
        if not self._engine.location.on_s3:
            _remove_empty(Path(self._engine.location.data_path))
        return removed

    def scan(self, traces: Traces) -> Finding:
        location = self._engine.location
        there = self._engine.read(self._listed)
        known = {file.path for file in self._engine.read(lambda cursor: known_files(cursor, location))}
        unknown = len(there - known)
        # Partitions have a value in the names of their folders, escaped as in a URL.
        named = sum(bool(traces.needles.find(f"{path}\0{unquote(path)}".encode())) for path in there)
        told = [f"{unknown} files that the catalog does not know"] if unknown else []
        told += [f"{named} names"] if named else []
        told += [VERSIONS] if location.on_s3 else []
        found = unknown + named
        verdict = Verdict.FOUND if found else Verdict.UNPROVEN if location.on_s3 else Verdict.CLEAN
        return Finding(verdict, FILES_METHOD, len(there), "files", found, "; ".join(told))

    def _listed(self, cursor: LakeCursor) -> set[str]:
        root = self._engine.location.data_path
        if not self._engine.location.on_s3:
            return {str(path) for path in Path(root).rglob("*") if path.is_file()}
        return {str(row[0]) for row in cursor.rows(f"SELECT file FROM glob({literal(root + '**')})")}


def _remove_empty(root: Path) -> None:
    """Folders without a file: partitions that are gone leave theirs."""
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        with contextlib.suppress(OSError):  # it has something in it
            folder.rmdir()


def _count(engine: Engine) -> int:
    return int(engine.read(lambda cursor: cursor.rows(SQL["snapshots"]))[0][0])


def _run(engine: Engine, text: str) -> int:
    """Rows of a maintenance function, fetched in the form that needs no conversion of times."""
    return engine.read(lambda cursor: cursor.execute(text).table().num_rows)
