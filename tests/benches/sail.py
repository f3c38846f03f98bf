"""The smallest query, an aggregate and a whole fetch by ADBC, beside Sail's Flight SQL server.

Both servers have the same Parquet file: Sail as a table at its path, ours as the lake table that it belongs to, and
once more as a file in the import folder.
"""

import os
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager import dbapi

from tests.benches.fetch import Checked
from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, at_most
from tests.benches.kit.sail import TABLE
from tests.benches.kit.timing import take_turns
from tests.harness import query

WHAT = "one client by ADBC, beside Sail"
SELECT = "SELECT 1"
AGGREGATE = "SELECT quantity, count(*) AS orders, sum(amount) AS total FROM {table} GROUP BY quantity"
FETCH = "SELECT * FROM {table}"
LAKE, FILE, SAIL = "lake table", "read_parquet", "Sail"

Run = Callable[[int], object]


def run(context: Context) -> list[Row]:
    """Raises NotRun without Sail."""
    sail, ours, rows = context.sail.connection, context.connection, context.sizes.rows
    checked = Checked(rows)
    sources = {LAKE: (ours, TABLE), FILE: (ours, _imported(context)), SAIL: (sail, TABLE)}
    return [
        *_small(context, ours, sail),
        *_from_one_file(context, sources, AGGREGATE, f"aggregate over {rows:,} rows", _counting(rows), 3),
        *_from_one_file(context, sources, FETCH, f"fetch {rows:,} rows", checked, 1),
    ]


def _small(context: Context, ours: dbapi.Connection, sail: dbapi.Connection) -> list[Row]:
    with ours.cursor() as our_cursor, sail.cursor() as their_cursor:
        variants: Mapping[str, Run] = {
            "ours, new": lambda _: query(ours, SELECT),
            "Sail, new": lambda _: query(sail, SELECT),
            "ours, kept": lambda _: our_cursor.execute(SELECT).fetch_arrow_table(),
            "Sail, kept": lambda _: their_cursor.execute(SELECT).fetch_arrow_table(),
        }
        took = {name: one.times(1e3) for name, one in take_turns(variants, context.sizes.calls, warm_up=20).items()}
    return [
        at_most("select 1, ADBC, a new cursor each time: Sail", took["ours, new"], took["Sail, new"], "ms", 1.0),
        at_most("select 1, ADBC, the same cursor: Sail", took["ours, kept"], took["Sail, kept"], "ms", 1.0),
    ]


def _from_one_file(
    context: Context,
    sources: Mapping[str, tuple[dbapi.Connection, str]],
    text: str,
    what: str,
    check: Callable[[pa.Table], pa.Table],
    times: int,
) -> list[Row]:
    """times: as many repetitions as of a fetch."""

    def variant(connection: dbapi.Connection, source: str) -> Run:
        return lambda _: check(query(connection, text.replace("{table}", source)))

    variants = {name: variant(*source) for name, source in sources.items()}
    took = {name: one.times(1e3) for name, one in take_turns(variants, times * context.sizes.fetches).items()}
    reference = took.pop(SAIL)
    return [at_most(f"{what}, ADBC, {name}: Sail", ours, reference, "ms", 1.0) for name, ours in took.items()]


def _counting(rows: int) -> Callable[[pa.Table], pa.Table]:
    def check(table: pa.Table) -> pa.Table:
        if (counted := pc.sum(table["orders"]).as_py()) != rows:
            raise AssertionError(f"{counted} rows were counted, there are {rows}")
        return table

    return check


def _imported(context: Context) -> str:
    """The lake's file under a second name in the import folder, as a table function reads it."""
    path = context.data.root / "import" / "bench_rows.parquet"
    if not path.exists():
        os.link(context.rows_file, path)
    return f"read_parquet('{path}')"
