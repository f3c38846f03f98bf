"""Events a second into the journal: appended from outside, and read from the commits of a dataset; beside plain inserts
of as many rows."""

from collections.abc import Sequence
from typing import Any

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, beside
from tests.benches.kit.timing import take_turns
from tests.harness import query

WHAT = "events into the journal, beside plain inserts of as many rows"
REPETITIONS = 3
CALL_EVENTS = 1_000
CALLS = 10
PEOPLE = "i AS id, 'person' || i || '@example.org' AS email, hash(i) AS note"


def run(context: Context) -> list[Row]:
    return [_appended(context), _followed(context, context.sizes.people[0])]


def _appended(context: Context) -> Row:
    """Until they are acknowledged, on the device."""
    query(context.connection, "CREATE TABLE bench_journal_plain (key VARCHAR, field VARCHAR, value VARCHAR)")
    rows = ", ".join(f"('{number}', 'note', 'value {number}')" for number in range(CALL_EVENTS))

    def append(repetition: int) -> None:
        with context.server.operations() as operations:
            for call in range(CALLS):
                operations.call("journal_append", events=_events(f"{repetition} {call}"))

    def insert(_: int) -> None:
        for _call in range(CALLS):
            query(context.connection, f"INSERT INTO bench_journal_plain VALUES {rows}")

    took = take_turns({"ours": append, "reference": insert}, REPETITIONS)
    count = CALL_EVENTS * CALLS
    what = f"journal_append, {CALL_EVENTS:,} events a call, new entities: INSERT of {CALL_EVENTS:,} rows"
    return beside(what, took["ours"].per(count), took["reference"].per(count), "1/s")


def _events(prefix: str) -> Sequence[dict[str, Any]]:
    return [
        {"dataset": "bench_outside", "key": f"{prefix} {number}", "field": "note", "new_value": f"value {number}"}
        for number in range(CALL_EVENTS)
    ]


def _followed(context: Context, rows: int) -> Row:
    """Until they are in the lake."""
    for table in ("bench_journalled", "bench_not_journalled"):
        query(context.connection, f"CREATE TABLE {table} AS SELECT {PEOPLE} FROM range(0) t(i)")
    query(context.connection, "CALL set_journal(dataset := 'bench_journalled', enabled := true, entity_column := 'id')")

    def insert(table: str, repetition: int) -> None:
        first = (repetition + 1) * rows
        query(context.connection, f"INSERT INTO {table} SELECT {PEOPLE} FROM range({first}, {first + rows}) t(i)")

    def journalled(repetition: int) -> None:
        insert("bench_journalled", repetition)
        query(context.connection, "CALL journal_flush()")

    variants = {"ours": journalled, "reference": lambda repetition: insert("bench_not_journalled", repetition)}
    took = take_turns(variants, REPETITIONS)
    query(context.connection, "CALL set_journal(dataset := 'bench_journalled', enabled := false)")
    what = f"INSERT of {rows:,} rows into a journalled dataset, new entities, until journalled: the same INSERT"
    return beside(what, took["ours"].per(rows), took["reference"].per(rows), "1/s")
