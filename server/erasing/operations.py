"""The operation erase."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pydantic import Field

from catalog_sql import named_queries
from server.catalog.datasets import Dataset, checked_name, existing_dataset
from server.engine.engine import Engine
from server.engine.running import client_gone
from server.erasing.erasing import CASCADE, KIND
from server.erasing.pending import Pending
from server.errors import InvalidArgument, NotFound
from server.jobs.job import Job
from server.jobs.service import Jobs
from server.operations.registry import Arguments, Caller, Operation
from server.sessions.session import Session
from server.sql.schema import schema_of

SQL = named_queries("queries/erasing.sql")


class Erase(Arguments):
    dataset: str = Field(description="Dataset, schema-qualified outside main. One that was dropped may have rows left.")
    cascade: bool = Field(False, description="Erase in tables that lineage says were made from it, and their indexes.")
    wait: bool = Field(True, description="Answer only when it is done.")


RESULT = schema_of(
    erasure_id=pa.string(),
    dataset=pa.string(),
    surface=pa.string(),
    verdict=pa.string(),
    erased_count=pa.int64(),
    found_count=pa.int64(),
    detail=pa.string(),
)


class Erasures:
    """sessions: those that are open."""

    def __init__(self, engine: Engine, jobs: Jobs, pending: Pending, sessions: Callable[[], list[Session]]) -> None:
        self._engine = engine
        self._jobs = jobs
        self._pending = pending
        self._sessions = sessions

    def operation(self) -> Operation[Erase]:
        return Operation(
            "erase",
            "Erase for good what tombstones took away, from every place, look through all of them, and certify it.",
            Erase,
            RESULT,
            self.run,
        )

    def run(self, caller: Caller, arguments: Erase) -> list[dict[str, Any]]:
        """A row per surface, or one that names the job. Raises NotFound if nothing waits to be erased, InvalidArgument
        inside a transaction, and what the job raises."""
        dataset = self._waiting(arguments.dataset)
        self._check_session(caller)
        kind = CASCADE if arguments.cascade else KIND
        job = self._jobs.submit(kind, dataset.name, caller.principal.name)
        if not arguments.wait:
            return [{"erasure_id": job.id, "dataset": dataset.name}]
        job.result(client_gone.get())
        return self._certified(job)

    def erase(self, caller: Caller, dataset: Dataset) -> None:
        """The same for `compact`."""
        self._check_session(caller)
        self._jobs.submit(KIND, dataset.name, caller.principal.name).result(client_gone.get())

    def _waiting(self, name: str) -> Dataset:
        schema, table = checked_name(name)
        dataset = existing_dataset(self._engine, schema, table) or Dataset(schema, table, "gone")
        if not self._pending.of(dataset.name) and not self._has_keys(dataset):
            raise NotFound(f"{dataset.name} has no tombstones whose rows could be erased")
        return dataset

    def _has_keys(self, dataset: Dataset) -> bool:
        return bool(self._engine.read(lambda cursor: cursor.rows(SQL["keys"], [dataset.name])))

    def _check_session(self, caller: Caller) -> None:
        """An erasure waits for every transaction that reads the lake, its caller's own included."""
        own = [session for session in self._sessions() if session.id == caller.session_id]
        if any(session.transactions.holding_lake() for session in own):
            raise InvalidArgument("erasing rows ends all transactions: COMMIT or ROLLBACK this one first")

    def _certified(self, job: Job) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._engine.read(
            lambda cursor: cursor.execute(SQL["certified"], [job.id]).table().to_pylist()
        )
        return found
