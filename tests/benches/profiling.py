"""Rows a second of profile_columns() on the staffing tables, beside DuckDB's SUMMARIZE of the same tables.

Both are asked by the same client. SUMMARIZE gives for each column distinct values, NULLs, bounds, mean, deviation and
quartiles, but neither top values nor a histogram, and keeps nothing.
"""

from server.ingest.samples import STAFFING
from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, beside
from tests.benches.kit.timing import Measured, take_turns
from tests.harness import query

WHAT = "profiles of columns, beside SUMMARIZE"
CANDIDATES = 100_000
ACTIVITY = 10  # 2,470,000 rows in all
QUICK_CANDIDATES = 1_000
REPETITIONS = 3


def run(context: Context) -> list[Row]:
    """A quick run has fewer rows, and each once."""
    connection = context.connection
    quick = context.sizes.rows < CANDIDATES
    candidates, activity = (QUICK_CANDIDATES, 1) if quick else (CANDIDATES, ACTIVITY)
    load = f"CALL load_sample(name := 'staffing', candidates := {candidates}, activity := {activity})"
    loaded = {row["dataset"]: row["rows"] for row in query(connection, load).to_pylist()}
    tables, total = [table for table in STAFFING if loaded[table]], sum(loaded[table] for table in STAFFING)
    columns = {table: query(connection, f"FROM {table} LIMIT 0").num_columns for table in tables}

    def profile(_: int) -> None:
        for table in tables:
            (told,) = query(connection, f"CALL profile_columns(dataset := '{table}')").to_pylist()
            assert (told["row_count"], told["column_count"]) == (loaded[table], columns[table])

    def summarize(_: int) -> None:
        for table in tables:
            assert query(connection, f"SUMMARIZE {table}").num_rows == columns[table]

    took = take_turns({"ours": profile, "reference": summarize}, 1 if quick else REPETITIONS)
    ours, reference = (Measured.per(took[name], total) for name in ("ours", "reference"))
    note = f"{len(tables)} tables of {sum(columns.values())} columns"
    return [beside(f"profile_columns of {total:,} rows: SUMMARIZE", ours, reference, "rows/s", note)]
