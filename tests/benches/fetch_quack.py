"""Fetching all rows of a table over the wire, beside DuckDB's own client-server protocol, Quack.

A DuckDB serves the server's own Parquet files by Quack; another one fetches them into an Arrow table.
"""

from tests.benches.fetch import Checked, our_fetches, read_files
from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, faster
from tests.benches.kit.timing import take_turns

WHAT = "fetch over Flight, beside Quack"


def run(context: Context) -> list[Row]:
    """Raises NotRun without Quack."""
    quack, sql, checked = context.quack, read_files(context), Checked(context.sizes.rows)
    variants = our_fetches(context, checked) | {"Quack": lambda _: checked(quack.query(sql))}
    took = {name: one.times(1e3) for name, one in take_turns(variants, context.sizes.fetches).items()}
    reference = took.pop("Quack")
    what = f"fetch {checked.rows:,} rows ({checked.megabytes} MB)"
    return [faster(f"{what}, {name}: Quack", ours, reference, "ms", 4.0) for name, ours in took.items()]
