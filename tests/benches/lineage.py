"""What it costs a statement that its lineage is found out and kept: the first time, and when it was met before."""

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, beside
from tests.benches.kit.timing import take_turns
from tests.harness import query

WHAT = "lineage of CREATE TABLE AS and INSERT … SELECT"
REPETITIONS = 15
COLUMNS = 20
MADE = ", ".join(f"i + {number} AS c{number}" for number in range(COLUMNS))
TAKEN = ", ".join(f"c{number} + 1 AS c{number}" for number in range(COLUMNS))


def run(context: Context) -> list[Row]:
    connection = context.connection
    query(connection, f"CREATE TABLE bench_lineage_from AS SELECT {MADE} FROM range(10) t(i)")
    query(connection, "CREATE TABLE bench_lineage_into AS FROM bench_lineage_from LIMIT 0")

    def insert(name: str) -> None:
        query(connection, f"INSERT INTO bench_lineage_into SELECT {TAKEN} FROM bench_lineage_from {name}")

    def create(name: str, source: str, columns: str) -> None:
        query(connection, f"CREATE OR REPLACE TABLE bench_lineage_{name} AS SELECT {columns} FROM {source}")

    took = take_turns(
        {
            "seen": lambda _: insert("same"),
            "first": lambda repetition: insert(f"other_{repetition + 1}"),
            "without": lambda _: create("without", "range(10) t(i)", MADE),
            "with": lambda _: create("with", "bench_lineage_from", TAKEN),
        },
        REPETITIONS,
    )
    took = {name: measured.times(1e3) for name, measured in took.items()}
    return [
        beside(
            f"INSERT … SELECT of {COLUMNS} columns whose text is new: one met before",
            took["first"],
            took["seen"],
            "ms",
            "its edges are in the lake already",
        ),
        beside(
            f"CREATE TABLE AS of {COLUMNS} columns from a table: from range(), without edges",
            took["with"],
            took["without"],
            "ms",
            f"{COLUMNS} edges are written in its commit",
        ),
    ]
