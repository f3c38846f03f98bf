"""An erasure that is under way: its traces, in a file from before rows are removed until the certificate is written.

A server that is killed finds it at its next start, goes on with the erasure, and hides the documents until then.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from server.erasing.traces import Traces
from server.erasure.keys import KeyColumn

_SUFFIX = ".pending"


class Pending:
    """folder: for these files alone, readable by the owner."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for left in folder.glob("*.new"):
            left.unlink()

    def write(self, erasure_id: str, traces: Traces) -> None:
        """On the device when this returns. Raises OSError, what was there as it was."""
        file = self._file(erasure_id)
        made = file.with_suffix(".new")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            with pa.ipc.new_stream(out, _SCHEMA) as writer:
                writer.write_table(_table(traces))
            out.flush()
            os.fsync(out.fileno())
        made.rename(file)
        self._sync()

    def of(self, dataset: str) -> dict[str, Traces]:
        """Those of the dataset, by erasure."""
        found = {file.stem: _traces(file.read_bytes()) for file in sorted(self._folder.glob(f"*{_SUFFIX}"))}
        return {erasure: traces for erasure, traces in found.items() if traces.dataset.lower() == dataset.lower()}

    def remove(self, erasure_id: str) -> None:
        """Overwritten first, since it holds what was erased."""
        file = self._file(erasure_id)
        if not file.exists():
            return
        with file.open("r+b") as out:
            out.write(bytes(file.stat().st_size))
            out.flush()
            os.fsync(out.fileno())
        file.unlink()
        self._sync()

    def _file(self, erasure_id: str) -> Path:
        return self._folder / f"{erasure_id}{_SUFFIX}"

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_SCHEMA = pa.schema([("kind", pa.string()), ("name", pa.string()), ("value", pa.large_string())])


def _table(traces: Traces) -> pa.Table:
    """A row per trace: its kind, the column or index that it belongs to, the trace."""
    told = {"dataset": traces.dataset, "column": traces.key_column.name, "type": traces.key_column.type}
    groups: list[tuple[str, str, Any]] = [
        ("told", "", pa.array([json.dumps(told | {"rows": traces.rows})], pa.large_string())),
        ("key", "", pa.array(traces.keys, pa.large_string())),
        ("hmac", "", pa.array(traces.hmacs, pa.large_string())),
        ("subject", "", pa.array(traces.subjects, pa.large_string())),
        ("cascaded", "", pa.array(traces.cascaded, pa.large_string())),
        *(("value", name, values.cast(pa.large_string())) for name, values in traces.values.items()),
        *(("document", name, pa.array(found, pa.large_string())) for name, found in traces.documents.items()),
        *(("derived", str(number), _nested(part)) for number, part in enumerate(traces.derived)),
    ]
    tables = [
        pa.table(
            [pa.repeat(pa.scalar(kind), len(values)), pa.repeat(pa.scalar(name), len(values)), values], schema=_SCHEMA
        )
        for kind, name, values in groups
    ]
    return pa.concat_tables(tables)


def _nested(traces: Traces) -> pa.LargeStringArray:
    """The rows of its table, each as JSON."""
    rows = zip(*(column.to_pylist() for column in _table(traces).columns), strict=True)
    return pa.array([json.dumps(row) for row in rows], pa.large_string())


def _traces(data: bytes) -> Traces:
    table = pa.ipc.open_stream(data).read_all()
    return _told(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _told(rows: Iterable[tuple[str, str, Any]]) -> Traces:
    groups: dict[tuple[str, str], list[Any]] = {}
    for kind, name, value in rows:
        groups.setdefault((kind, name), []).append(value)
    told = json.loads(groups["told", ""][0])
    return Traces(
        dataset=told["dataset"],
        key_column=KeyColumn(told["column"], told["type"]),
        keys=tuple(groups.get(("key", ""), ())),
        hmacs=tuple(groups.get(("hmac", ""), ())),
        subjects=tuple(groups.get(("subject", ""), ())),
        values={name: pa.array(found, pa.string()) for (kind, name), found in groups.items() if kind == "value"},
        documents={name: tuple(found) for (kind, name), found in groups.items() if kind == "document"},
        rows=told["rows"],
        cascaded=tuple(groups.get(("cascaded", ""), ())),
        derived=tuple(_told(map(json.loads, part)) for (kind, _), part in groups.items() if kind == "derived"),
    )
