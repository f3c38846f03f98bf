"""The operation compact, and the job that does its work."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pydantic import Field

from server.catalog.datasets import CONTROL_SCHEMAS, Dataset, find_dataset
from server.compaction.compacting import Compacting
from server.compaction.files import SQL
from server.engine.engine import Engine
from server.engine.running import client_gone
from server.erasure.deleted import deleted_table
from server.erasure.keys import SQL as TOMBSTONES
from server.errors import InvalidArgument, LakehouseError, PermissionDenied
from server.jobs.job import Job
from server.jobs.service import Jobs
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of

KIND = "compact"
MIB = 1 << 20

Erase = Callable[[Caller, Dataset], None]


class Compact(Arguments):
    dataset: str | None = Field(
        None, description="Dataset, schema-qualified outside main; NULL for each that has many small or deleted parts."
    )
    keep_tombstones: bool = Field(False, description="Leave the rows alone that tombstones have taken away.")
    wait: bool = Field(True, description="Answer only when it is done.")


RESULT = schema_of(
    dataset=pa.string(),
    job_id=pa.string(),
    files_before=pa.int64(),
    files_after=pa.int64(),
    rows_before=pa.int64(),
    rows_after=pa.int64(),
    bytes_before=pa.int64(),
    bytes_after=pa.int64(),
)


class Compaction:
    """erase: erases the rows of a dataset that tombstones have taken away."""

    def __init__(self, engine: Engine, jobs: Jobs, compacting: Compacting, erase: Erase) -> None:
        self._engine = engine
        self._jobs = jobs
        self._compacting = compacting
        self._erase = erase

    def operation(self) -> Operation[Compact]:
        return Operation(
            "compact",
            "Merge a dataset's small files and take deleted rows out of its files, verified before the commit.",
            Compact,
            RESULT,
            self.run,
        )

    def work(self, job: Job) -> str:
        """The job: compact the dataset that is its subject; the message of success."""
        dataset = self._found(job.subject)
        before, after = self._compacting.compact(dataset, job)
        size = f"{before.file_bytes / MIB:.1f} to {after.file_bytes / MIB:.1f} MiB"
        return f"{before.files} files to {after.files}, {size}, {after.rows} rows"

    def run(self, caller: Caller, arguments: Compact) -> list[dict[str, Any]]:
        """Raises NotFound, InvalidArgument for a view, Unsupported where rows are to be erased and can't be. Where it
        is for several datasets, the others go on when one fails. Without a dataset it also removes the files that
        nobody needs, whether a dataset was to be compacted or not."""
        datasets = self._needing() if arguments.dataset is None else [self._table(arguments.dataset)]
        tombstoned = [] if arguments.keep_tombstones else [each for each in datasets if self._has_deleted(each)]
        self._check_waited(tombstoned, arguments)
        jobs = [(each, self._jobs.submit(KIND, each.name, caller.principal.name)) for each in datasets]
        if arguments.dataset is None and not jobs:
            self._compacting.clean()
        if not arguments.wait:
            return [{"dataset": dataset.name, "job_id": job.id} for dataset, job in jobs]
        rows, errors = [], []
        for dataset, job in jobs:
            try:
                job.result(client_gone.get())
                rows += self._recorded(job)
                if dataset in tombstoned:
                    self._erase(caller, dataset)
            except LakehouseError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return rows

    def _table(self, name: str) -> Dataset:
        dataset = self._found(name)
        if dataset.schema in CONTROL_SCHEMAS:
            raise PermissionDenied(f"schema {dataset.schema} is written by the server only: compact() takes its tables")
        if dataset.kind == "view":
            raise InvalidArgument(f"{dataset.name} is a view: compact the tables that it reads")
        return dataset

    def _found(self, name: str) -> Dataset:
        """The table of exactly this name, whatever characters it has; else the dataset that `find_dataset` finds."""
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["named"], [name]))
        if len(rows) > 1:
            raise InvalidArgument(f"several tables of several schemas are called {name[:80]!r}: rename all but one")
        if rows:
            return Dataset(str(rows[0][0]), str(rows[0][1]), "table")
        return find_dataset(self._engine, name)

    def _needing(self) -> list[Dataset]:
        """The datasets, and the server's own tables, past the thresholds of the settings."""
        settings = self._engine.settings
        values = {
            "small_bytes": settings.compact_small_bytes,
            "files_min": settings.compact_files_min,
            "deleted_share": settings.compact_deleted_share,
        }
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["needing"], values))
        return [Dataset(str(schema), str(table), "table") for schema, table in rows]

    def _has_deleted(self, dataset: Dataset) -> bool:
        """Whether tombstones have taken rows of it away that are not erased."""
        tables = {str(row[0]) for row in self._engine.read(lambda c: c.rows(TOMBSTONES["deleted_tables"]))}
        if dataset.name not in tables:
            return False
        text = f"SELECT count(*) FROM (FROM {deleted_table(dataset.name)} LIMIT 1)"
        return bool(self._engine.read(lambda cursor: cursor.rows(text))[0][0])

    def _check_waited(self, tombstoned: list[Dataset], arguments: Compact) -> None:
        if tombstoned and not arguments.wait:
            names = ", ".join(dataset.name for dataset in tombstoned)
            raise InvalidArgument(f"{names}: erasing rows is waited for: say wait := true, or keep_tombstones := true")

    def _recorded(self, job: Job) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._engine.read(
            lambda cursor: cursor.execute(SQL["recorded"], [job.id]).table().to_pylist()
        )
        return found
