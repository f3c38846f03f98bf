"""How fast detect_pii goes through the staffing tables, and what detection and lineage add to loading them.

Two servers have the same tables, one of them with detection and lineage off: both make them anew from themselves, and
load them from Parquet files. The times are those of all seven together.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, at_most, beside
from tests.benches.kit.timing import take_turns
from tests.harness import Server, query

WHAT = "detection of personal data"
REPETITIONS = 5
TABLES = ("candidates", "clients", "jobs", "placements", "timesheets", "calls", "emails")
PEOPLE = {2_470_000: (100_000, 10)}  # rows of all tables: people, and what happens to each
ROWS_A_PERSON = 4  # by default
LOAD_LIMIT = 1.2
OFF = {"LAKEHOUSE_PII_DETECTION": "false", "LAKEHOUSE_LINEAGE": "false"}


def run(context: Context) -> list[Row]:
    return [row for count in context.sizes.people for row in _of(context.folder, count)]


def _of(folder: Path, count: int) -> list[Row]:
    with (
        _staffing(folder / f"pii-{count}", count, {}) as ours,
        _staffing(folder / f"plain-{count}", count, OFF) as plain,
    ):
        look = {"detect": lambda _: _each(ours, "CALL detect_pii(dataset := '{0}')")}
        look["read"] = lambda _: _each(ours, "SELECT bit_xor(hash({0})) FROM {0}")
        looked = take_turns(look, REPETITIONS)
        made = take_turns({"ours": lambda _: _remake(ours), "plain": lambda _: _remake(plain)}, REPETITIONS)
        loaded = take_turns({"ours": lambda n: _load(ours, n), "plain": lambda n: _load(plain, n)}, REPETITIONS)
    rates = {name: took.per(count) for name, took in looked.items()}
    words = f"{count:,} rows of the staffing tables"
    return [
        beside(f"detect_pii, {words}: reading every value", rates["detect"], rates["read"], "rows/s"),
        at_most(
            f"CREATE TABLE AS, {words}: without detection and lineage", made["ours"], made["plain"], "s", LOAD_LIMIT
        ),
        at_most(
            f"ingest_file, Parquet, {words}: without detection and lineage",
            loaded["ours"],
            loaded["plain"],
            "s",
            LOAD_LIMIT,
        ),
    ]


@contextmanager
def _staffing(data: Path, count: int, environment: dict[str, str]) -> Iterator[Server]:
    """A server that has the tables, and each as a file in its import folder."""
    candidates, activity = PEOPLE.get(count, (count // ROWS_A_PERSON, 1))
    with Server(data, environment=environment) as server:
        server.rows(f"CALL load_sample(name := 'staffing', candidates := {candidates}, activity := {activity})")
        for table in TABLES:
            written = data.resolve() / "export" / f"{table}.parquet"
            server.rows(f"COPY {table} TO '{written}'")
            written.rename(data.resolve() / "import" / written.name)
        yield server


def _each(server: Server, statement: str) -> None:
    with server.connect() as connection:
        for table in TABLES:
            query(connection, statement.format(table))


def _remake(server: Server) -> None:
    _each(server, "CREATE OR REPLACE TABLE made_{0} AS FROM {0}")


def _load(server: Server, number: int) -> None:
    """Into tables that are new: the same bytes load once."""
    _each(server, f"CALL ingest_file(dataset := '{{0}}_of_{number % 1000}', path := '{{0}}.parquet')")
