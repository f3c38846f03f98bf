"""DuckDB as the judge: when another value in a source column changes a result, there is an edge that says so."""

import duckdb
import pytest

from tests.lineage.cases import ALL_OF_P, CASES, SOURCES, Case
from tests.lineage.reading import Edges

COLUMNS = {
    "p": ("lin_people", ALL_OF_P),
    "o": ("lin_orders", ["order_id", "person_id", "amount", "Item Name", "day"]),
    "f": ("lin_far.lin_people", ["id", "name"]),
}
# Each value is exchanged for another one of its type, which differs from row to row.
CHANGED = {
    "BIGINT": "{c} * 7 % 5 + 1",
    "VARCHAR": "reverse({c}) || length({c}) || right({c}, 1)",
    "VARCHAR[]": "list_reverse({c}) || ['new' || len({c})]",
    "DATE": "{c} - ((day({c}) * 13) % 400)::INTEGER",
    "STRUCT(street VARCHAR, zip BIGINT)": "{{'street': {c}.street || {c}.zip, 'zip': {c}.zip * 3 % 7}}",
}


@pytest.fixture(scope="module")
def lake() -> duckdb.DuckDBPyConnection:
    """The sources in a DuckDB of their own."""
    connection = duckdb.connect(config={"threads": 1})
    for statement in SOURCES:
        connection.execute(statement)
    return connection


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_column_that_matters_to_a_result_has_an_edge(
    recorded: Edges, lake: duckdb.DuckDBPyConnection, case: Case
) -> None:
    edges = recorded.get(f"lin_made_{case.name}", frozenset())
    before = digests(lake, case.query)
    for short, (table, columns) in COLUMNS.items():
        for column in columns:
            after = changed(lake, table, column, case.query)
            moved = {name for name in before if before[name] != after.get(name, "gone")}
            told = {edge.partition(" < ")[0] for edge in edges if f" < {short}.{column} " in edge}
            assert "*" in told or moved <= told, (column, moved - told)


def digests(lake: duckdb.DuckDBPyConnection, text: str) -> dict[str, str]:
    """Of each result column, its values sorted: the order of rows tells nothing where a query has none."""
    result = lake.execute(text).to_arrow_table()
    return {name: str(sorted(map(str, result[name].to_pylist()))) for name in result.column_names}


def changed(lake: duckdb.DuckDBPyConnection, table: str, column: str, text: str) -> dict[str, str]:
    lake.execute("BEGIN")
    try:
        [(kind,)] = lake.execute(f'SELECT DISTINCT typeof("{column}") FROM {table}').fetchall()
        lake.execute(f'UPDATE {table} SET "{column}" = ' + CHANGED[kind].format(c=f'"{column}"'))
        return digests(lake, text)
    finally:
        lake.execute("ROLLBACK")
