"""DoAction and ListActions: Flight SQL's own actions, then the registry of operations."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow.flight as fl

from flight import cancelling, prepared, session_options
from flight.commands import BARE_ACTIONS, WRAPPED_ACTIONS, decode_action, pack
from flight.gen import flight_session_pb2 as session_messages
from flight.gen import flight_sql_pb2 as sql
from server.errors import InvalidArgument, Unsupported
from server.operations.registry import Operations, parse_body
from server.sessions.registry import Sessions
from server.sessions.session import Session

DESCRIPTIONS = {
    "CreatePreparedStatement": "Prepare a statement; nothing runs.",
    "ClosePreparedStatement": "Forget a prepared statement.",
    "BeginTransaction": "Begin a transaction.",
    "EndTransaction": "Commit or roll back a transaction.",
    "CancelFlightInfo": "End the query of a FlightInfo.",
    "CancelQuery": "End the query of a FlightInfo; deprecated for CancelFlightInfo.",
    "SetSessionOptions": "Set options of the session: see GetSessionOptions.",
    "GetSessionOptions": "The session's options and their values.",
    "CloseSession": "End the session.",
}


class Actions:
    def __init__(self, operations: Operations, sessions: Sessions) -> None:
        self._operations = operations
        self._sessions = sessions
        self._own: Mapping[str, Callable[[Session, Any], Iterator[bytes]]] = {
            "CreatePreparedStatement": lambda s, m: iter([prepared.create(s, m)]),
            "ClosePreparedStatement": _close_prepared,
            "BeginTransaction": _begin,
            "EndTransaction": _end,
            "CancelFlightInfo": lambda s, m: iter([cancelling.cancel_flight_info(s, m)]),
            "CancelQuery": lambda s, m: iter([cancelling.cancel_query(s, m)]),
            "SetSessionOptions": lambda s, m: iter([session_options.set_options(s, m)]),
            "GetSessionOptions": lambda s, m: iter([session_options.get_options(s, m)]),
            "CloseSession": self._close_session,
        }

    def run(self, session: Session, name: str, body: bytes) -> Iterator[bytes]:
        """Run an action whole, then give its results one by one."""
        if name in self._own:
            return self._own[name](session, decode_action(name, body))
        if name in WRAPPED_ACTIONS or name in BARE_ACTIONS:
            raise Unsupported(f"action {name} is not supported by this server")
        rows = self._operations.run(session.caller(), name, parse_body(body)).to_pylist()
        return (json.dumps(row, default=str).encode() for row in rows)

    def listed(self) -> list[fl.ActionType]:
        own = [fl.ActionType(name, DESCRIPTIONS[name]) for name in self._own]
        return own + [fl.ActionType(o.name, f"{o.description} {o.signature()}") for o in self._operations.all()]

    def _close_session(self, session: Session, _: Any) -> Iterator[bytes]:
        closed = self._sessions.close(session)  # not if other calls share it
        status = session_messages.CloseSessionResult
        result = session_messages.CloseSessionResult(status=status.CLOSED if closed else status.NOT_CLOSEABLE)
        return iter([result.SerializeToString()])


def _close_prepared(session: Session, request: sql.ActionClosePreparedStatementRequest) -> Iterator[bytes]:
    prepared.close(session, request)
    return iter(())


def _begin(session: Session, _: sql.ActionBeginTransactionRequest) -> Iterator[bytes]:
    session.check_role()
    return iter([pack(sql.ActionBeginTransactionResult(transaction_id=session.transactions.begin().id))])


def _end(session: Session, request: sql.ActionEndTransactionRequest) -> Iterator[bytes]:
    commit = request.action == sql.ActionEndTransactionRequest.END_TRANSACTION_COMMIT
    if not commit and request.action != sql.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK:
        raise InvalidArgument("EndTransaction says whether to commit or to roll back")
    session.transactions.end(request.transaction_id, commit)
    return iter(())
