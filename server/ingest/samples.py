"""The operation load_sample: data to try things on, made by SQL or taken from CPython, loaded once."""

from collections.abc import Callable
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from catalog_sql import load as load_sql
from server.catalog.datasets import SQL
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.ingest.loading import Target, load
from server.ingest.python_reference import topics
from server.lineage.recording import Lineage
from server.operations.registry import Arguments, Caller, Operation
from server.pii.arrivals import Arrivals
from server.sql.quoting import qualified
from server.sql.schema import schema_of

STAFFING = ("candidates", "clients", "jobs", "placements", "timesheets", "calls", "emails")
RESUMES = "resumes_sample"
REFERENCE = "python_reference"


class LoadSample(Arguments):
    name: Literal["staffing", "python_reference"] = Field(description="Which sample.")
    candidates: int = Field(100_000, ge=100, le=10_000_000, description="staffing: people, each with a resume.")
    activity: int = Field(
        1, ge=1, le=100, description="staffing: factor on timesheets, calls and emails; 10 is full scale."
    )
    resumes: int = Field(2_000, ge=1, description="staffing: how many resumes go into resumes_sample.")


RESULT = schema_of(
    dataset=pa.string(),
    rows=pa.int64(),
    loaded=pa.bool_(),
)
Make = Callable[[LakeCursor], int]


class Samples:
    def __init__(self, engine: Engine, lineage: Lineage, arrivals: Arrivals) -> None:
        self._engine = engine
        self._lineage = lineage
        self._arrivals = arrivals

    def operation(self) -> Operation[LoadSample]:
        return Operation(
            "load_sample",
            "Load sample data: staffing (seven related tables) or python_reference. What is there stays as it is.",
            LoadSample,
            RESULT,
            self.run,
        )

    def run(self, caller: Caller, arguments: LoadSample) -> list[dict[str, Any]]:
        if arguments.name == REFERENCE:
            made: dict[str, Make] = {REFERENCE: _reference}
        else:
            made = {table: _staffing(table, arguments) for table in STAFFING} | {
                RESUMES: self._resumes(caller, arguments.resumes)
            }
        with self._engine.locks.holding(f"ingest:{arguments.name}"):
            return [self._once(caller, dataset, make) for dataset, make in made.items()]

    def _once(self, caller: Caller, dataset: str, make: Make) -> dict[str, Any]:
        found = self._engine.read(lambda cursor: cursor.rows(SQL["dataset"], [dataset]))
        if found:
            return {"dataset": dataset, "rows": found[0][2], "loaded": False}
        actor = caller.principal.name

        def work(cursor: LakeCursor) -> int:
            count = make(cursor)
            self._arrivals.made(cursor, actor, "main", dataset, count)
            return count

        rows = self._engine.commit(actor, f"sample {dataset}", work)
        self._engine.schema_changed()
        return {"dataset": dataset, "rows": rows, "loaded": True}

    def _resumes(self, caller: Caller, count: int) -> Make:
        text = (
            f"CREATE TABLE lakehouse.main.{RESUMES} AS "
            f"SELECT candidate_id, resume FROM lakehouse.main.candidates ORDER BY candidate_id LIMIT {count:d}"
        )
        return lambda cursor: int(self._lineage.recorded(cursor, text, caller.principal.name)[0][0])


def _reference(cursor: LakeCursor) -> int:
    return load(cursor, topics().to_reader(), Target("main", REFERENCE), "create")


def _staffing(table: str, arguments: LoadSample) -> Make:
    def make(cursor: LakeCursor) -> int:
        cursor.execute(f"SET VARIABLE candidates = {arguments.candidates:d}")
        cursor.execute(f"SET VARIABLE activity = {arguments.activity:d}")
        query = load_sql(f"demo/staffing/{table}.sql").rstrip().rstrip(";")
        return int(cursor.rows(f"CREATE TABLE {qualified('lakehouse', 'main', table)} AS {query}")[0][0])

    return make
