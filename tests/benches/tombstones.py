"""How soon a tombstone is visible, beside two plain commits of the lake."""

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, at_most
from tests.benches.kit.timing import take_turns
from tests.harness import query

WHAT = "a tombstone until it is visible, beside two commits"
TIMES_MAX = 2.0
REPETITIONS = 9
KEYS = 3
PEOPLE = """CREATE TABLE {table} AS
SELECT i AS id, 'person' || i || '@example.org' AS email, hash(i) AS note, hash(i, 1) AS other
FROM range({rows}) t(i)"""


def run(context: Context) -> list[Row]:
    return [row for rows in context.sizes.people for row in _rows(context, rows)]


def _rows(context: Context, rows: int) -> list[Row]:
    connection, table = context.connection, f"bench_people_{rows}"
    query(connection, PEOPLE.format(table=table, rows=rows))
    query(connection, f"CREATE TABLE {table}_plain (id BIGINT)")

    def tombstone(repetition: int) -> None:
        first = (repetition + 1) * KEYS
        keys = list(range(first, first + KEYS))
        query(connection, f"CALL tombstone(dataset := '{table}', key_column := 'id', key_values := {keys})")
        left = query(connection, f"SELECT count(*) AS n FROM {table} WHERE id BETWEEN {first} AND {first + KEYS - 1}")
        assert left["n"][0].as_py() == 0

    def commits(repetition: int) -> None:
        for _ in range(2):
            query(connection, f"INSERT INTO {table}_plain VALUES ({repetition})")

    took = take_turns({"ours": tombstone, "reference": commits}, REPETITIONS)
    what = f"tombstone of {KEYS} of {rows:,} rows, until a SELECT misses them: two commits of a row each"
    return [at_most(what, took["ours"].times(1e3), took["reference"].times(1e3), "ms", TIMES_MAX)]
