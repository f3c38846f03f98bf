"""The first thing that anyone does: connect and ask."""

import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, query


def test_a_query_gives_its_rows(connection: dbapi.Connection) -> None:
    assert query(connection, "SELECT 1 AS one, 'two' AS two").to_pylist() == [{"one": 1, "two": "two"}]


def test_a_wrong_password_is_refused(server: Server) -> None:
    from clients.python import connect

    with (
        pytest.raises(dbapi.Error, match="name or password is wrong"),
        connect(server.uri, "admin", "wrong password") as c,
    ):
        query(c, "SELECT 1")


def test_the_server_prints_one_ready_line_and_stops_on_sigterm_with_status_0(data) -> None:  # type: ignore[no-untyped-def]
    server = Server(data).start()
    assert server.out == [f"ready {server.uri}"]
    assert server.stop() == 0
