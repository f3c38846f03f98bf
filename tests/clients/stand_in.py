"""A small Flight server for the clients' tests: logins, two kinds of actions, and a few fixed statements.

It answers as the real server does where the clients look: bearer tokens, one JSON object a result, ` [code]` at the
end of an error. It refuses to prepare, so ADBC sends each statement as plain text.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import flight

USER, PASSWORD = "admin", "open sesame"
_BEARER = "Bearer t0ken"

Answer = Callable[[dict[str, Any]], list[dict[str, Any]]]


class _Token(flight.ServerMiddleware):
    def sending_headers(self) -> Any:
        return {"authorization": _BEARER}


class _Login(flight.ServerMiddlewareFactory):
    def start_call(self, info: Any, headers: Any) -> _Token | None:
        (value,) = headers.get("authorization", [""])
        if value.startswith("Basic "):
            # ADBC leaves out base64's padding.
            given = base64.b64decode(value.removeprefix("Basic ") + "==").decode()
            if given != f"{USER}:{PASSWORD}":
                raise flight.FlightUnauthenticatedError("wrong user or password [unauthenticated]")
            return _Token()
        if value != _BEARER:
            raise flight.FlightUnauthenticatedError("log in first [unauthenticated]")
        return None


class _NoHandshake(flight.ServerAuthHandler):
    """The login is the middleware's; Flight only needs the handshake call to exist."""

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        return None

    def is_valid(self, token: Any) -> Any:
        return ""


class StandIn(flight.FlightServerBase):
    """`answers`: operation name to a function from arguments to rows. `results`: statement to its table."""

    def __init__(self, answers: Mapping[str, Answer], results: Mapping[str, pa.Table]) -> None:
        super().__init__("grpc://127.0.0.1:0", auth_handler=_NoHandshake(), middleware={"login": _Login()})
        self.answers, self.results = answers, results
        self.uri = f"grpc://127.0.0.1:{self.port}"

    def list_actions(self, context: Any) -> Any:
        return [(name, f"does {name}") for name in self.answers]

    def do_action(self, context: Any, action: flight.Action) -> Any:
        if action.type == "CreatePreparedStatement":
            raise NotImplementedError("statements are not prepared here [unsupported]")
        answer = self.answers.get(action.type)
        if answer is None:
            raise flight.FlightServerError(f"there is no operation '{action.type}' [x]\nsecond line [not_found]")
        for row in answer(json.loads(action.body.to_pybytes() or b"{}")):
            yield flight.Result(json.dumps(row).encode())

    def get_flight_info(self, context: Any, descriptor: Any) -> flight.FlightInfo:
        # The statement's text is the last field of the command.
        for statement, table in self.results.items():
            if descriptor.command.endswith(statement.encode()):
                endpoint = flight.FlightEndpoint(statement.encode(), [])
                return flight.FlightInfo(table.schema, descriptor, [endpoint], -1, -1)
        raise flight.FlightServerError("Parser Error: no such statement\n\nLINE 1: slect\n        ^ [sql_error]")

    def do_get(self, context: Any, ticket: flight.Ticket) -> flight.RecordBatchStream:
        return flight.RecordBatchStream(self.results[ticket.ticket.decode()])
