"""The operation profile_columns, and the job that does its work."""

from typing import Any

import pyarrow as pa
from pydantic import Field

from server.catalog.datasets import Dataset, find_dataset
from server.engine.engine import Engine
from server.engine.running import client_gone
from server.errors import InvalidArgument, LakehouseError
from server.jobs.job import Job
from server.jobs.service import Jobs
from server.logs import logger
from server.operations.registry import Arguments, Caller, Operation
from server.profiling.personal import personal_columns
from server.profiling.profiling import profile_table
from server.profiling.recording import record, recorded
from server.profiling.table import SQL
from server.sql.schema import schema_of

KIND = "profile_columns"

_log = logger("profiling")


class ProfileColumns(Arguments):
    dataset: str | None = Field(
        None, description="Dataset, schema-qualified outside main; NULL for each that changed since its profile."
    )
    wait: bool = Field(True, description="Answer only when it is done.")


RESULT = schema_of(
    dataset=pa.string(),
    job_id=pa.string(),
    snapshot_id=pa.int64(),
    row_count=pa.int64(),
    column_count=pa.int64(),
    withheld_count=pa.int64(),
)


class Profiles:
    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self._engine = engine
        self._jobs = jobs

    def operation(self) -> Operation[ProfileColumns]:
        return Operation(
            "profile_columns",
            "Count what is in the columns of a dataset: distinct values, NULLs, bounds, top values, histograms.",
            ProfileColumns,
            RESULT,
            self.run,
        )

    def work(self, job: Job) -> str:
        """The job: profile the dataset that is its subject; the message of success. Stops at once when it is told to.

        Raises NotFound if the dataset is gone."""
        dataset = find_dataset(self._engine, job.subject)
        cursor = self._engine.cursor(job.actor)

        def told(done: int, total: int) -> None:
            job.done, job.total = done, total
            job.check()

        try:
            with job.interruptible(cursor.interrupt):
                job.check()
                profile = profile_table(cursor, dataset, personal_columns(cursor, dataset), told)
                job.check()
                record(cursor, job.id, dataset, profile, job.actor)
        finally:
            cursor.close()
        unreadable = f", unreadable: {', '.join(profile.unreadable)}" if profile.unreadable else ""
        _log.info("profiled", dataset=dataset.name, job_id=job.id, rows=profile.row_count, columns=len(profile.columns))
        return f"{len(profile.columns)} columns, {profile.row_count} rows{unreadable}"

    def run(self, caller: Caller, arguments: ProfileColumns) -> list[dict[str, Any]]:
        """Raises NotFound, InvalidArgument for a view. Where it is for several datasets, the others go on when one
        fails."""
        datasets = self._needing() if arguments.dataset is None else [self._table(arguments.dataset)]
        jobs = [(each, self._jobs.submit(KIND, each.name, caller.principal.name)) for each in datasets]
        if not arguments.wait:
            return [{"dataset": dataset.name, "job_id": job.id} for dataset, job in jobs]
        rows, errors = [], []
        for _, job in jobs:
            try:
                job.result(client_gone.get())
                rows += self._engine.read(lambda cursor, job=job: recorded(cursor, job.id))  # type: ignore[misc]
            except LakehouseError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return rows

    def _table(self, name: str) -> Dataset:
        dataset = find_dataset(self._engine, name)
        if dataset.kind == "view":
            raise InvalidArgument(f"{dataset.name} is a view: profile the tables that it reads")
        return dataset

    def _needing(self) -> list[Dataset]:
        """Those whose profiles the settings take for stale."""
        values = {"commits_min": self._engine.settings.profile_commits_min}
        rows = self._engine.read(lambda cursor: cursor.rows(SQL["needing"], values))
        return [Dataset(str(schema), str(table), "table") for schema, table in rows]
