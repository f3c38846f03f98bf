"""`Operations` and the translation of errors, against a Flight server."""

import base64
import json
from pathlib import Path

import pytest

from clients.python import LakehouseError, Operation, Operations, connect, lakehouse_error
from tests.clients.stand_in import PASSWORD, StandIn


def test_arguments_reach_the_operation_even_one_called_name(stand_in: StandIn) -> None:
    with Operations(stand_in.uri, password=PASSWORD) as operations:
        rows = operations.call("echo", name="kev", columns=["a", "b"])
    assert rows == [{"argument": "name", "value": '"kev"'}, {"argument": "columns", "value": '["a", "b"]'}]


def test_operations_are_listed_with_their_descriptions(stand_in: StandIn) -> None:
    with Operations(stand_in.uri, password=PASSWORD) as operations:
        assert Operation("echo", "does echo") in operations.list()


def test_error_carries_the_servers_message_and_code_and_no_transport_text(stand_in: StandIn) -> None:
    with Operations(stand_in.uri, password=PASSWORD) as operations, pytest.raises(LakehouseError) as caught:
        operations.call("mystery")
    assert caught.value.message == "there is no operation 'mystery' [x]\nsecond line"
    assert caught.value.code == "not_found"
    assert caught.value.__suppress_context__


def test_file_bytes_travel_whole(stand_in: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_bytes(b"n\n\xff\n")
    with Operations(stand_in.uri, password=PASSWORD) as operations:
        sent = {row["argument"]: json.loads(row["value"]) for row in operations.ingest_file("numbers", file)}
    assert base64.b64decode(sent.pop("content")) == b"n\n\xff\n"
    assert sent == {"dataset": "numbers", "file_name": "numbers.csv"}


@pytest.mark.parametrize("door", [Operations, connect])
def test_wrong_password_is_refused_with_the_servers_code(stand_in: StandIn, door: type[Operations]) -> None:
    with pytest.raises(LakehouseError, match="wrong user or password") as caught:
        door(stand_in.uri, "admin", "guess")
    assert caught.value.code == "unauthenticated"


@pytest.mark.parametrize("door", [Operations, connect])
def test_absent_server_is_named_by_its_address(door: type[Operations]) -> None:
    with pytest.raises(LakehouseError, match=r"cannot reach a server at grpc://127\.0\.0\.1:1") as caught:
        door("grpc://127.0.0.1:1", "admin", PASSWORD)
    assert caught.value.code == "unavailable"


def test_password_comes_from_the_environment_in_order(monkeypatch: pytest.MonkeyPatch, stand_in: StandIn) -> None:
    monkeypatch.delenv("LAKEHOUSE_PASSWORD", raising=False)
    monkeypatch.setenv("LAKEHOUSE_ADMIN_PASSWORD", PASSWORD)
    Operations(stand_in.uri).close()
    monkeypatch.setenv("LAKEHOUSE_PASSWORD", "guess")
    with pytest.raises(LakehouseError, match="wrong user"):
        Operations(stand_in.uri)


def test_adbc_error_is_translated(stand_in: StandIn) -> None:
    connection = connect(stand_in.uri, password=PASSWORD)
    with connection, connection.cursor() as cursor, pytest.raises(connection.Error) as caught:
        cursor.execute("slect")
    error = lakehouse_error(caught.value)
    assert error.code == "sql_error"
    assert error.message.startswith("Parser Error: no such statement\n")
