"""The administrator's password: made up at the first start or given, shown once, kept out of the log."""

from pathlib import Path

import pytest

from clients.python import LakehouseError, Operations, connect
from tests.harness import PASSWORD, Server, query
from tests.startup.refusal import refusal

SHOWN = "password of admin, shown this once: "


def without_password(data: Path) -> Server:
    server = Server(data)
    del server._environment["LAKEHOUSE_ADMIN_PASSWORD"]
    return server


def test_made_up_password_is_shown_once_works_and_stays_out_of_the_log(data: Path) -> None:
    with without_password(data) as server:
        [line] = [line for line in server.out if line.startswith(SHOWN)]
        made = line.removeprefix(SHOWN)
        assert len(made) >= 20
        with connect(server.uri, "admin", made) as connection:
            assert query(connection, "SELECT 1 AS one").to_pylist() == [{"one": 1}]
    with without_password(data) as again:
        assert again.out == [f"ready {again.uri}"]
        Operations(again.uri, "admin", made).close()
    assert made not in server.log.read_text()
    assert made.encode() not in b"".join(file.read_bytes() for file in data.rglob("*") if file.is_file())


def test_password_of_the_environment_replaces_the_one_before(data: Path) -> None:
    with Server(data, environment={"LAKEHOUSE_ADMIN_PASSWORD": "the first password"}):
        pass
    with Server(data) as server:
        server.operations().close()
        with pytest.raises(LakehouseError, match="name or password is wrong"):
            Operations(server.uri, "admin", "the first password")
    assert PASSWORD not in server.log.read_text()


@pytest.mark.parametrize("password", ["", "short"])
def test_password_that_is_too_short_is_refused(data: Path, password: str) -> None:
    message = refusal(Server(data, environment={"LAKEHOUSE_ADMIN_PASSWORD": password}))
    assert message == "environment variable LAKEHOUSE_ADMIN_PASSWORD: a password has 8 to 1024 characters"
