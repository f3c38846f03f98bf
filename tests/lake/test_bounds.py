"""Rows are found whatever DuckLake believes of a column's bounds; see decision 0012."""

from adbc_driver_manager import dbapi

from tests.harness import Server, manual, query


def test_a_first_file_of_nulls_hides_no_later_row(server: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE bounds (a BIGINT, b BIGINT)")
    with manual(server) as own:
        query(own, "INSERT INTO bounds VALUES (1, NULL)")
        query(own, "INSERT INTO bounds VALUES (2, 0), (3, 1), (4, 2)")
        own.commit()
    query(connection, "INSERT INTO bounds VALUES (5, 1)")
    assert query(connection, "SELECT b FROM bounds ORDER BY a")["b"].to_pylist() == [None, 0, 1, 2, 1]
    assert query(connection, "SELECT a FROM bounds WHERE b = 0")["a"].to_pylist() == [2]
    groups = query(connection, "SELECT b, count(*) AS n FROM bounds GROUP BY b ORDER BY b NULLS FIRST").to_pylist()
    assert [tuple(row.values()) for row in groups] == [(None, 1), (0, 1), (1, 2), (2, 1)]
