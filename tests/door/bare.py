"""A bare Flight client: the messages as they are, for what ADBC never sends."""

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.flight as fl
from google.protobuf.any_pb2 import Any as AnyMessage

from clients.python import LakehouseError, lakehouse_error
from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.harness import PASSWORD, Server


class Bare:
    """A logged-in client with a session of its own."""

    def __init__(self, server: Server, *headers: tuple[bytes, bytes]) -> None:
        """headers: instead of a login."""
        self.client: Any = fl.connect(server.uri)
        self.headers: list[Any] = list(headers) or [self.client.authenticate_basic_token("admin", PASSWORD)]
        self.options = fl.FlightCallOptions(headers=self.headers)

    def info(self, command: Any) -> fl.FlightInfo:
        info: fl.FlightInfo = self.client.get_flight_info(descriptor(command), self.options)
        return info

    def schema(self, command: Any) -> pa.Schema:
        found: pa.Schema = self.client.get_schema(descriptor(command), self.options).schema
        return found

    def get(self, ticket: bytes | fl.Ticket) -> pa.Table:
        ticket = ticket if isinstance(ticket, fl.Ticket) else fl.Ticket(ticket)
        table: pa.Table = self.client.do_get(ticket, self.options).read_all()
        return table

    def query(self, text: str) -> pa.Table:
        return self.get(self.info(sql.CommandStatementQuery(query=text)).endpoints[0].ticket)

    def put(self, command: Any, rows: pa.Table | None = None) -> bytes:
        """The metadata that the server answers with."""
        rows = pa.table({}) if rows is None else rows
        writer, reader = self.client.do_put(descriptor(command), rows.schema, self.options)
        with writer:
            writer.write_table(rows)
            writer.done_writing()
            answer = reader.read()
        return bytes(answer.to_pybytes()) if answer is not None else b""

    def update(self, text: str) -> int:
        result = sql.DoPutUpdateResult()
        result.ParseFromString(self.put(sql.CommandStatementUpdate(query=text)))
        return result.record_count

    def act(self, name: str, body: bytes = b"") -> list[bytes]:
        return [result.body.to_pybytes() for result in self.client.do_action(fl.Action(name, body), self.options)]

    @staticmethod
    def unpacked(body: bytes) -> AnyMessage:
        """The envelope of an action's result: give it the message to fill by `Unpack`."""
        wrapper = AnyMessage()
        wrapper.ParseFromString(body)
        return wrapper

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(fl.FlightError):  # it may have ended, or never begun
            self.act("CloseSession")
        self.client.close()


def descriptor(command: Any) -> fl.FlightDescriptor:
    """command: a message, or the bytes themselves."""
    return fl.FlightDescriptor.for_command(command if isinstance(command, bytes) else pack(command))


def refusal(run: Callable[[], object]) -> LakehouseError:
    """What the server refused a call with. Fails if it did not, or if the text tells what callers must not see."""
    try:
        run()
    except Exception as error:  # noqa: BLE001 - Arrow, Flight and ADBC share no base class
        text = str(error)
        for inner in ("Traceback", 'File "/', ".py", "site-packages"):
            assert inner not in text, text
        return lakehouse_error(error)
    raise AssertionError("it was not refused")


def raising(error: Exception) -> Callable[[], object]:
    """A call that fails with the error, for `refusal`."""

    def run() -> None:
        raise error

    return run
