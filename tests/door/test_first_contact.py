"""The first thing that anyone does: connect and ask."""

from pathlib import Path

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, connect
from tests.harness import Server, query


def test_a_query_gives_its_rows(connection: dbapi.Connection) -> None:
    assert query(connection, "SELECT 1 AS one, 'two' AS two").to_pylist() == [{"one": 1, "two": "two"}]


def test_a_wrong_password_is_refused(server: Server) -> None:
    with pytest.raises(LakehouseError, match="name or password is wrong") as raised:
        connect(server.uri, "admin", "wrong password")
    assert raised.value.code == "unauthenticated"


def test_an_unknown_name_is_refused_in_the_same_words_as_a_wrong_password(server: Server) -> None:
    with pytest.raises(LakehouseError, match="name or password is wrong"):
        connect(server.uri, "nobody", "wrong password")


def test_the_server_prints_one_ready_line_and_stops_on_sigterm_with_status_0(data: Path) -> None:
    server = Server(data).start()
    assert server.out == [f"ready {server.uri}"]
    assert server.stop() == 0
