"""The operation resync."""

from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa
from pydantic import Field

from server.catalog.datasets import CONTROL_SCHEMAS, Dataset, find_dataset
from server.catalog.facts import SQL as FACTS
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.engine.running import client_gone
from server.errors import InvalidArgument, Unavailable
from server.operations.registry import Arguments, Caller, Operation
from server.resync.checking import Checked, Problem, check, missing_files, wrong_bounds
from server.resync.repairing import repair
from server.resync.table_files import ROWS, SQL, live_files, sizes
from server.sql.schema import schema_of

ALWAYS_THERE = ("catalog", "migrations")  # a table that every lake has rows of


class Resync(Arguments):
    dataset: str | None = Field(None, description="Dataset, schema-qualified outside main; NULL for the whole lake.")
    apply: bool = Field(False, description="Repair what can be repaired without a guess.")


RESULT = schema_of(dataset=pa.string(), problem=pa.string(), detail=pa.string(), count=pa.int64(), repaired=pa.bool_())


class Resyncing:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def operation(self) -> Operation[Resync]:
        return Operation(
            "resync",
            "Find where the catalog disagrees with its files, and repair it: rows of lost files, bounds of columns, "
            "metadata of datasets that are gone.",
            Resync,
            RESULT,
            self.run,
        )

    def run(self, caller: Caller, arguments: Resync) -> list[dict[str, Any]]:
        """Raises NotFound, InvalidArgument for a view, Unavailable where the lake's files can't be seen."""
        actor, problems = caller.principal.name, list[Problem]()
        for dataset in self._tables(arguments.dataset):
            problems += self._table(actor, dataset, arguments.apply)
        if arguments.dataset is None:
            problems += self._metadata(actor, arguments.apply)
            problems += self._unknown()
        return [asdict(problem) for problem in problems]

    def _tables(self, name: str | None) -> list[Dataset]:
        if name is None:
            rows = self._engine.read(lambda cursor: cursor.rows(SQL["tables"]))
            return [Dataset(str(schema), str(table), "table") for schema, table in rows]
        dataset = find_dataset(self._engine, name)
        if dataset.kind == "view":
            raise InvalidArgument(f"{dataset.name} is a view, which has no files: resync the tables that it reads")
        return [dataset]

    def _table(self, actor: str, dataset: Dataset, apply: bool) -> list[Problem]:
        """No writer of the table is between the look and the repair. The server's own tables are only looked at."""
        with self._engine.locks.holding(f"{dataset.schema}.{dataset.table}".lower(), client_gone.get()):
            checked = self._checked(dataset)
            own = dataset.schema in CONTROL_SCHEMAS
            checked = replace(checked, bounds=[]) if own else checked
            repaired = apply and not own and bool(checked.lost or checked.bounds)
            if repaired:
                if checked.lost:
                    self._check_place()
                repair(self._engine, actor, dataset, checked)
        problems = list(checked.others)
        if checked.lost:
            problems.append(missing_files(dataset, checked.lost, repaired))
        if checked.bounds:
            problems.append(wrong_bounds(dataset, checked.bounds, repaired))
        return problems

    def _checked(self, dataset: Dataset) -> Checked:
        return self._engine.read(lambda cursor: check(cursor, self._engine.location, dataset))

    def _check_place(self) -> None:
        """Files that are all gone at once are not lost: their folder is another one, or not mounted."""

        def look(cursor: LakeCursor) -> bool:
            location = self._engine.location
            files = [file for file in live_files(cursor, location, *ALWAYS_THERE) if file.kind == ROWS]
            return bool(sizes(cursor, location, files))

        if not self._engine.read(look):
            raise Unavailable("the server's own files are gone too: see that the lake's folder is the right one")

    def _metadata(self, actor: str, apply: bool) -> list[Problem]:
        """What was said of datasets that are gone; it would be said of the next ones of these names."""
        found = self._engine.read(lambda cursor: cursor.rows(FACTS["forgotten"]))
        if found and apply:
            text = "resync: metadata of datasets that are gone"
            self._engine.commit(actor, text, lambda cursor: cursor.execute(FACTS["forget"], {"actor": actor}))
        return [Problem(str(name), "orphaned_metadata", str(keys), int(count), apply) for name, count, keys in found]

    def _unknown(self) -> list[Problem]:
        """Files that the catalog does not know: compaction removes them."""
        seconds = self._engine.settings.unknown_files_s
        names = [str(row[0]) for row in self._engine.read(lambda cursor: cursor.rows(SQL["unknown"], [seconds]))]
        return [Problem(None, "unknown_files", "compact() removes them", len(names))] if names else []
