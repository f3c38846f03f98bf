"""A pinned dataset beside a native in-memory table of the same server, and beside itself unpinned, on disk and on S3.

The native table is a temporary one, so both are read through the same door by the same client. A cursor of its own
repeats each query, so that what is timed is running it.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
from adbc_driver_manager import dbapi

from tests.benches.kit.context import Context
from tests.benches.kit.rows import NotRun, Row, at_most, beside, faster, not_run
from tests.benches.kit.timing import Measured, take_turns
from tests.harness import Server, query
from tests.lake.s3 import S3Server, program

WHAT = "pinned dataset, beside a native table and unpinned"
ROWS_MAX = 1_000_000
CALLS_MAX = 300
TABLE = "bench_pinned"
MADE = "SELECT range AS id, range % 100 AS part, range * 0.5 AS amount, 'name ' || range AS name FROM range({rows})"
QUERIES = {
    "point query": "SELECT * FROM {table} WHERE id = {id}",
    "aggregate": "SELECT part, count(*), sum(amount), max(name) FROM {table} GROUP BY part",
}

Ask = Callable[[int], object]


def run(context: Context) -> Iterator[Row]:
    rows = min(context.sizes.rows, ROWS_MAX)
    repetitions = min(context.sizes.calls, CALLS_MAX)
    made = MADE.format(rows=rows)
    pinned = context.connection
    query(pinned, f"CREATE OR REPLACE TABLE {TABLE} AS {made}")
    query(pinned, f"CREATE OR REPLACE TABLE {TABLE}_cold AS {made}")
    query(pinned, f"CALL cache_pin(dataset := '{TABLE}')")
    with ExitStack() as stack:
        native = stack.enter_context(context.server.connect())
        query(native, f"CREATE TEMP TABLE native AS {made}")
        in_process = stack.enter_context(closing(duckdb.connect(":memory:")))
        in_process.execute(f"CREATE TABLE native AS {made}")
        for name, text in QUERIES.items():
            variants = {
                "pinned": _asking(stack, pinned, text, TABLE, rows),
                "native": _asking(stack, native, text, "temp.main.native", rows),
                "unpinned": _asking(stack, pinned, text, f"{TABLE}_cold", rows),
                "in process": _in_process(in_process, text, rows),
            }
            took = {key: one.times(1e3) for key, one in take_turns(variants, repetitions, warm_up=5).items()}
            yield from _rows(f"{name}, {rows:,} rows, pinned", took)
    query(pinned, f"CALL cache_evict(dataset := '{TABLE}')")
    yield from _on_s3(made, rows, repetitions)


def _rows(what: str, took: dict[str, Measured]) -> Iterator[Row]:
    ours = took["pinned"]
    yield at_most(f"{what}: native table of the same server", ours, took["native"], "ms", 1.3)
    yield beside(f"{what}: DuckDB in the client's process, no wire", ours, took["in process"], "ms")
    yield faster(f"{what}: unpinned, on disk", ours, took["unpinned"], "ms", 1.0)


def _on_s3(made: str, rows: int, repetitions: int) -> Iterator[Row]:
    try:
        yield from _measured_on_s3(made, rows, repetitions)
    except NotRun as error:
        yield not_run("pinned: unpinned, on S3", error)


def _measured_on_s3(made: str, rows: int, repetitions: int) -> list[Row]:
    """Raises NotRun."""
    if (found := program()) is None:
        raise NotRun("no S3 server: put versitygw on PATH, or name it in LAKEHOUSE_TEST_S3_SERVER")
    shown = []
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-s3-") as folder, ExitStack() as stack:
        root = Path(folder) / "objects"
        root.mkdir()
        store = S3Server(found, root).start()
        stack.callback(store.stop)
        environment = {**store.settings, "LAKEHOUSE_LAKE_DATA": store.bucket("bench")}
        server = stack.enter_context(Server(Path(folder) / "data", environment=environment))
        connection = server.connect()
        for table in (TABLE, f"{TABLE}_cold"):
            query(connection, f"CREATE TABLE {table} AS {made}")
        query(connection, f"CALL cache_pin(dataset := '{TABLE}')")
        for name, text in QUERIES.items():
            variants = {
                "pinned": _asking(stack, connection, text, TABLE, rows),
                "unpinned": _asking(stack, connection, text, f"{TABLE}_cold", rows),
            }
            took = {key: one.times(1e3) for key, one in take_turns(variants, repetitions, warm_up=5).items()}
            what = f"{name}, {rows:,} rows, pinned: unpinned, on S3"
            shown.append(faster(what, took["pinned"], took["unpinned"], "ms", 1.0))
    return shown


def _asking(stack: ExitStack, connection: dbapi.Connection, text: str, table: str, rows: int) -> Ask:
    """By a cursor of its own, values bound."""
    cursor = stack.enter_context(connection.cursor())
    sql = text.format(table=table, id="?")
    return lambda n: cursor.execute(sql, _values(text, n, rows)).fetch_arrow_table()


def _in_process(connection: duckdb.DuckDBPyConnection, text: str, rows: int) -> Ask:
    sql = text.format(table="native", id="?")
    return lambda n: connection.execute(sql, _values(text, n, rows)).to_arrow_table()


def _values(text: str, number: int, rows: int) -> tuple[int, ...]:
    """Ids all over the table."""
    return (number * 7919 % rows,) if "{id}" in text else ()
