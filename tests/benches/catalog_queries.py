"""Catalog queries over many datasets, beside the time that they may take; and the first ones after a DDL."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

from tests.benches.kit.context import Context
from tests.benches.kit.flight_sql import Credentials, FlightSql
from tests.benches.kit.rows import Row, at_most, beside
from tests.benches.kit.timing import take_turns
from tests.harness import PASSWORD, Server

WHAT = "catalog queries over many datasets"
MS_MAX = 50.0
COLUMNS = 20
AT_ONCE = 100  # datasets made in one transaction
SAID_EVERY = 10  # datasets of which something is said
DERIVED_EVERY = 20  # datasets that one is made from, and profiled
FEW = ("overdue", "lineage", "column_profiles")  # have fewer rows than there are datasets
REPETITIONS = 15
TYPES = ("BIGINT NOT NULL", "VARCHAR", "DOUBLE", "DECIMAL(18,2)", "TIMESTAMP WITH TIME ZONE", "DATE", "INTEGER[]")


def run(context: Context) -> list[Row]:
    """On a server of its own: others' figures must not depend on so many tables."""
    with Server(context.folder / "catalog") as server:
        flight = FlightSql(server.uri, Credentials("admin", PASSWORD))
        try:
            _make(flight, context.sizes.datasets)
            return _rows(flight, context.sizes.datasets)
        finally:
            flight.close()


def _rows(flight: FlightSql, datasets: int) -> list[Row]:
    asked: dict[str, Callable[[int], object]] = {
        name: lambda _, name=name: flight.query(f"FROM catalog.{name}")  # type: ignore[misc]
        for name in ("datasets", "columns", "overdue", "lineage", "column_profiles")
    }
    asked["GetTables with schemas"] = lambda _: flight.tables(include_schema=True)
    for name, ask in asked.items():
        assert getattr(ask(0), "num_rows") >= (0 if name in FEW else datasets)  # noqa: B009
    loose = {name: one.times(1e3) for name, one in take_turns(asked, REPETITIONS).items()}
    flight.query("CALL compact()")
    took = {name: one.times(1e3) for name, one in take_turns(asked, REPETITIONS).items()}
    size = f"{datasets:,} datasets of {COLUMNS} columns"
    rows = [at_most(f"{name}, {size}: the target", took[name], MS_MAX, "ms", 1.0, "after compact()") for name in asked]
    left = f"a file for each of {len(range(0, datasets, SAID_EVERY))} calls of set_metadata"
    rows += [beside(f"{name}, before compact(): after", loose[name], took[name], "ms", left) for name in asked]
    for name, ask in asked.items():
        first = median(_after_ddl(flight, ask, f"{name} {n}") for n in range(3)) * 1e3
        rows.append(beside(f"{name}, the first after a DDL: any other", first, took[name], "ms"))
    return rows


def _after_ddl(flight: FlightSql, ask: Callable[[int], object], name: str) -> float:
    flight.update(f'CREATE TABLE "{name}" (a INTEGER)')
    started = perf_counter()
    ask(0)
    return perf_counter() - started


def _make(flight: FlightSql, datasets: int) -> None:
    """Each with a file of a row, a comment, comments of columns; some with an owner and an expected freshness, or with
    profiles and a table made from them."""
    columns = ", ".join(f"c{n} {TYPES[n % len(TYPES)]}" for n in range(COLUMNS))
    for start in range(0, datasets, AT_ONCE):
        flight.update("BEGIN")
        for number in range(start, min(start + AT_ONCE, datasets)):
            table = f"bench_catalog_{number}"
            flight.update(f"CREATE TABLE {table} ({columns})")
            flight.update(f"INSERT INTO {table} (c0, c7, c14) VALUES (1, 2, 3)")
            flight.update(f"COMMENT ON TABLE {table} IS 'Dataset {number}'")
            flight.update(f"COMMENT ON COLUMN {table}.c0 IS 'The key'")
        flight.update("COMMIT")
    for number in range(0, datasets, DERIVED_EVERY):
        table = f"bench_catalog_{number}"
        flight.update(f"CREATE TABLE {table}_derived AS FROM {table}")
        flight.query(f"CALL profile_columns(dataset := '{table}')")
    for number in range(0, datasets, SAID_EVERY):
        flight.query(
            f"CALL set_metadata(dataset := 'bench_catalog_{number}', owner := 'bench', sensitivity := 'internal', "
            f"expected_every_s := {1 if number % 20 else 86_400})"
        )
