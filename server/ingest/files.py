"""The operation ingest_file: a file's rows become a dataset's, once."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from server.catalog.datasets import SQL, checked_name, dataset_name, existing_dataset
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasure.suppression import Suppressions
from server.errors import InvalidArgument, LimitExceeded, NotFound, PermissionDenied
from server.evolution.fitting import Arriving, Unfit
from server.evolution.proposals import Proposals
from server.ingest.loading import Mode, Target, load
from server.ingest.parsing import rows_of
from server.operations.registry import Arguments, Caller, Operation
from server.pii.arrivals import Arrivals
from server.sql.schema import schema_of

Format = Literal["csv", "json", "ndjson", "parquet"]
ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}
HASH_BYTES = 1 << 20


class IngestFile(Arguments):
    dataset: str = Field(description="Dataset to load into, schema-qualified outside main.")
    path: str | None = Field(None, description="File under the import folder.")
    content: str | None = Field(None, description="The file's bytes in base64, instead of a path.")
    file_name: str | None = Field(None, description="Name of the file whose bytes are given.")
    format: Format | None = Field(None, description="Format, where the file's ending does not tell.")
    mode: Mode = Field("create_append", description="create, append, replace or create_append.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.content is None):
            raise ValueError("give either path or content")
        if self.content is not None and not self.file_name:
            raise ValueError("content needs file_name")
        return self


RESULT = schema_of(
    dataset=pa.string(),
    loaded=pa.bool_(),
    rows=pa.int64(),
    ingest_id=pa.string(),
    message=pa.string(),
)


@dataclass(frozen=True)
class _File:
    """path: where its bytes are. name: what people call it."""

    path: Path
    name: str
    format: Format
    sha256: str
    size_bytes: int


class FileIngest:
    def __init__(self, engine: Engine, suppressions: Suppressions, proposals: Proposals, arrivals: Arrivals) -> None:
        self._engine = engine
        self._suppressions = suppressions
        self._proposals = proposals
        self._arrivals = arrivals

    def operation(self) -> Operation[IngestFile]:
        return Operation(
            "ingest_file",
            "Load a CSV, JSON, NDJSON or Parquet file: all rows or none; the same bytes load once per dataset.",
            IngestFile,
            RESULT,
            self.run,
        )

    def run(self, caller: Caller, arguments: IngestFile) -> list[dict[str, Any]]:
        schema, table = checked_name(arguments.dataset)
        # The lock of single writes to this table: a load must not run beside an UPDATE, nor twice at once.
        with self._file(arguments) as file, self._engine.locks.holding(f"{schema}.{table}".lower()):
            found = existing_dataset(self._engine, schema, table)
            into = Target(found.schema, found.table) if found else Target(schema, table)
            name = dataset_name(into.schema, into.table)
            known = self._loaded_before(into, file, arguments.mode) if found else None
            if known is not None:
                message = f"{file.name} was loaded before: the same bytes load once"
                return [{"dataset": name, "loaded": False, "rows": 0, "ingest_id": known, "message": message}]
            ingest_id = secrets.token_hex(8)
            did: Mode = arguments.mode if arguments.mode != "create_append" else "append" if found else "create"
            try:
                rows = self._load(caller, file, into, did, ingest_id)
            except Unfit as unfit:
                if file.format == "csv" and unfit.draft.is_strange:  # its first rows may be taken for names: tell none
                    told = "none of its columns: is its first line a header? Add columns by ALTER TABLE if it is"
                    raise InvalidArgument(f"{file.name} does not fit {name}: it has {told}") from None
                author = caller.principal.name
                raise self._proposals.refusal(into.schema, into.table, unfit.draft, author) from None
        self._engine.schema_changed()
        message = f"{rows} rows from {file.name}"
        return [{"dataset": name, "loaded": True, "rows": rows, "ingest_id": ingest_id, "message": message}]

    def _load(self, caller: Caller, file: _File, into: Target, mode: Mode, ingest_id: str) -> int:
        actor, name = caller.principal.name, dataset_name(into.schema, into.table)
        types: dict[str, str] = {}
        if mode == "append":
            types = dict(self._engine.read(lambda c: c.rows(SQL["column_types"], [name])))

        def work(cursor: LakeCursor) -> int:
            with rows_of(self._engine.settings, file.path, file.format, file.name, types) as stream:
                guard = self._suppressions.guard(f"{into.schema}.{into.table}")
                ask = self._engine.settings.schema_evolution == "ask"
                arriving = Arriving(file.name, typed=file.format == "parquet", ask=ask)
                rows = load(cursor, stream, into, mode, guard, actor, arriving)
            arrive = self._arrivals.arrived if mode == "append" else self._arrivals.made
            arrive(cursor, actor, into.schema, into.table, rows, alone=True)
            what = [ingest_id, name, file.name, file.sha256, file.format, mode, rows, file.size_bytes]
            cursor.execute(SQL["record"], [*what, actor, datetime.now(UTC)])
            return rows

        return self._engine.commit(actor, f"ingest {file.name} into {name}", work)

    def _loaded_before(self, into: Target, file: _File, mode: Mode) -> str | None:
        """The ingest that loaded these bytes into this table. To replace by them makes sense unless it was the last
        change of the table."""
        name = dataset_name(into.schema, into.table)
        values = {"schema": into.schema, "table": into.table, "dataset": name, "digest": file.sha256}
        found = self._engine.read(lambda cursor: cursor.execute(SQL["loaded_before"], values).table()).to_pylist()
        return str(found[0]["ingest_id"]) if found and (mode != "replace" or found[0]["is_latest"]) else None

    @contextmanager
    def _file(self, arguments: IngestFile) -> Iterator[_File]:
        if arguments.path is not None:
            path = self._under_import(arguments.path)
            yield _described(path, path.name, arguments.format)
            return
        path = self._engine.folder.uploads / secrets.token_hex(8)
        try:
            path.write_bytes(self._decoded(arguments.content or ""))
            yield _described(path, Path(arguments.file_name or "").name, arguments.format)
        finally:
            path.unlink(missing_ok=True)

    def _decoded(self, content: str) -> bytes:
        bytes_max = self._engine.settings.upload_bytes_max
        if len(content) * 3 // 4 > bytes_max + 3:
            raise LimitExceeded("upload_bytes_max", f"the file has about {len(content) * 3 // 4} bytes")
        try:
            return base64.b64decode(content, validate=True)
        except ValueError:  # binascii.Error is one
            raise InvalidArgument("content is not base64") from None

    def _under_import(self, path: str) -> Path:
        folder = self._engine.settings.import_path
        if "\0" in path:
            raise InvalidArgument("a path holds no NUL character")
        target = (folder / path).resolve()
        if not target.is_relative_to(folder):
            raise PermissionDenied(f"file {path!r} is not under the import folder {folder}")
        if not target.is_file():
            raise NotFound(f"there is no file {path!r} under the import folder {folder}")
        return target


def _described(path: Path, name: str, file_format: Format | None) -> _File:
    endings = [e.lower() for e in Path(name).suffixes]
    packed = bool(endings) and endings[-1] in (".gz", ".zst")
    ending = endings[-2] if packed and len(endings) > 1 else endings[-1] if endings else ""
    chosen = file_format or ENDINGS.get(ending)
    if chosen is None:
        raise InvalidArgument(f"the format of {name!r} is not known: give format as one of csv, json, ndjson, parquet")
    if path.stat().st_size == 0:
        raise InvalidArgument(f"{name} is empty")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BYTES):
            digest.update(block)
    return _File(path, name, chosen, digest.hexdigest(), path.stat().st_size)
