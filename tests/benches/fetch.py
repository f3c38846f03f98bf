"""Fetching all rows of a table over the wire, beside DuckDB in the bench's own process.

Both read the same Parquet files, the server through its lake and DuckDB directly; each gives a whole Arrow table.
"""

from collections.abc import Callable

import duckdb
import pyarrow as pa

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, at_most
from tests.benches.kit.timing import take_turns
from tests.harness import query

WHAT = "fetch over Flight, beside DuckDB in process"
FETCH = "SELECT * FROM bench_rows"

Fetches = dict[str, Callable[[int], pa.Table]]


def run(context: Context) -> list[Row]:
    checked = Checked(context.sizes.rows)
    in_process = duckdb.connect(":memory:")
    sql = read_files(context)
    variants = our_fetches(context, checked) | {
        "DuckDB in process": lambda _: checked(in_process.execute(sql).to_arrow_table())
    }
    took = {name: one.times(1e3) for name, one in take_turns(variants, context.sizes.fetches).items()}
    in_process.close()
    reference = took.pop("DuckDB in process")
    what = f"fetch {checked.rows:,} rows ({checked.megabytes} MB)"
    return [at_most(f"{what}, {name}: DuckDB in process", ours, reference, "ms", 1.0) for name, ours in took.items()]


def our_fetches(context: Context, checked: "Checked") -> Fetches:
    """The same rows by two clients; ADBC's driver copies what it got once more."""
    return {
        "pyarrow.flight": lambda _: checked(context.flight.query(FETCH)),
        "ADBC": lambda _: checked(query(context.connection, FETCH)),
    }


def read_files(context: Context) -> str:
    files = ", ".join(f"'{path}'" for path in context.row_files)
    return f"SELECT * FROM read_parquet([{files}])"


class Checked:
    """Passes a table on if it has the right number of rows, and remembers its size."""

    def __init__(self, rows: int) -> None:
        self.rows, self.megabytes = rows, 0

    def __call__(self, table: pa.Table) -> pa.Table:
        if table.num_rows != self.rows:
            raise AssertionError(f"{table.num_rows} rows came, {self.rows} were asked for")
        self.megabytes = round(table.nbytes / 1e6)
        return table
