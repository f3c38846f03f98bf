"""A bare Flight SQL client on pyarrow.flight: nothing between the bench and the wire but the messages themselves."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.flight as fl
from google.protobuf.any_pb2 import Any as AnyMessage

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql

Command: TypeAlias = sql.CommandStatementQuery | sql.CommandPreparedStatementQuery | sql.CommandGetTables


@dataclass(frozen=True)
class Credentials:
    name: str
    password: str


class FlightSql:
    """One connection; use it from one thread. Without credentials it sends none."""

    def __init__(self, uri: str, credentials: Credentials | None = None) -> None:
        self._client = fl.connect(uri)
        headers = []
        if credentials is not None:
            headers = [self._client.authenticate_basic_token(credentials.name, credentials.password)]
        self._options = fl.FlightCallOptions(headers=headers)

    def query(self, text: str) -> pa.Table:
        """Two calls: GetFlightInfo and DoGet."""
        return self._fetch(sql.CommandStatementQuery(query=text))

    def open(self, text: str) -> fl.FlightStreamReader:
        """The same two calls, and the rows not read yet."""
        return self._open(sql.CommandStatementQuery(query=text))

    def prepare(self, text: str) -> bytes:
        """The handle of a prepared statement."""
        request = sql.ActionCreatePreparedStatementRequest(query=text)
        action = fl.Action("CreatePreparedStatement", pack(request))
        (result,) = self._client.do_action(action, self._options)
        wrapper = AnyMessage.FromString(result.body.to_pybytes())
        answer = sql.ActionCreatePreparedStatementResult()
        wrapper.Unpack(answer)
        return answer.prepared_statement_handle

    def run(self, handle: bytes, values: pa.RecordBatch) -> pa.Table:
        """Three calls: DoPut binds one row of values, then GetFlightInfo and DoGet, as ADBC and JDBC do."""
        command = sql.CommandPreparedStatementQuery(prepared_statement_handle=handle)
        descriptor = fl.FlightDescriptor.for_command(pack(command))
        answers: Any
        writer, answers = self._client.do_put(descriptor, values.schema, self._options)
        with writer:
            writer.write_batch(values)
            writer.done_writing()
            bound = sql.DoPutPreparedStatementResult.FromString(answers.read().to_pybytes())
        command.prepared_statement_handle = bound.prepared_statement_handle or handle
        return self._fetch(command)

    def update(self, text: str) -> None:
        """A statement that answers with a count, by the same two calls."""
        self._fetch(sql.CommandStatementQuery(query=text))

    def tables(self, include_schema: bool) -> pa.Table:
        """GetTables."""
        return self._fetch(sql.CommandGetTables(include_schema=include_schema))

    def close(self) -> None:
        self._client.close()

    def _fetch(self, command: Command) -> pa.Table:
        return self._open(command).read_all()

    def _open(self, command: Command) -> fl.FlightStreamReader:
        descriptor = fl.FlightDescriptor.for_command(pack(command))
        info = self._client.get_flight_info(descriptor, self._options)
        return self._client.do_get(info.endpoints[0].ticket, self._options)
