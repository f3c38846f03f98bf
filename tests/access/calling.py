"""Calls with any credential, and what the server said of it."""

import base64
from typing import Any

import pyarrow.flight as fl

from clients.python import LakehouseError
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import PASSWORD, Server

MUCH = "SELECT range, repeat('x', 1000) AS v FROM range(20_000_000)"
ENDED = ("unavailable", "cancelled")  # in the middle of a result
Header = tuple[bytes, bytes]


def bearer(token: str) -> Header:
    return b"authorization", b"Bearer " + token.encode()


def basic(name: str, secret: str) -> Header:
    return b"authorization", b"Basic " + base64.b64encode(f"{name}:{secret}".encode())


def admin(server: Server, operation: str, **arguments: Any) -> dict[str, Any]:
    """Run an operation as the administrator; its first row."""
    with server.operations() as operations:
        return operations.call(operation, **arguments)[0]


def who(server: Server, header: Header) -> str | None:
    """The principal that a call with this header runs as."""
    with Bare(server, header) as bare:
        row = bare.query("SELECT principal FROM catalog.sessions WHERE statements_running > 0").to_pylist()[0]
        return str(row["principal"])


def refused(server: Server, header: Header) -> LakehouseError:
    with Bare(server, header) as bare:
        return refusal(lambda: bare.act("health"))


def handshake_refused(server: Server, name: str, secret: str) -> LakehouseError:
    client: Any = fl.connect(server.uri)
    try:
        return refusal(lambda: client.authenticate_basic_token(name, secret))
    finally:
        client.close()


def stream(bare: Bare, text: str) -> Any:
    """The reader of a query's open result."""
    ticket = bare.info(sql.CommandStatementQuery(query=text)).endpoints[0].ticket
    return bare.client.do_get(ticket, bare.options)


def log_in(server: Server, name: str = "admin", secret: str = PASSWORD) -> Bare:
    """A client with a session of its own, opened by a Handshake."""
    client: Any = fl.connect(server.uri)
    try:
        header = client.authenticate_basic_token(name, secret)
    finally:
        client.close()
    return Bare(server, header)
