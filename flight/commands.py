"""Bytes in, messages out: what a FlightDescriptor, a ticket or an action body asks for. `flight/service.py` calls this.

Decoding is total: for any bytes it returns a message or raises InvalidArgument or Unsupported, nothing else. Messages
are the generated ones; a handler table maps their classes to handlers. Whether a command is allowed, or even done
(Substrait and savepoints are decoded and then refused), is not decided here.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias, TypeVar

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message

from flight.gen import flight_session_pb2 as flight
from flight.gen import flight_sql_pb2 as sql
from server.errors import InvalidArgument, Unsupported

Command: TypeAlias = (
    sql.CommandGetSqlInfo
    | sql.CommandGetXdbcTypeInfo
    | sql.CommandGetCatalogs
    | sql.CommandGetDbSchemas
    | sql.CommandGetTables
    | sql.CommandGetTableTypes
    | sql.CommandGetPrimaryKeys
    | sql.CommandGetExportedKeys
    | sql.CommandGetImportedKeys
    | sql.CommandGetCrossReference
    | sql.CommandStatementQuery
    | sql.CommandStatementUpdate
    | sql.CommandStatementSubstraitPlan
    | sql.CommandStatementIngest
    | sql.CommandPreparedStatementQuery
    | sql.CommandPreparedStatementUpdate
    | sql.TicketStatementQuery
)
"""A command of a FlightDescriptor, or what a ticket carries."""

COMMANDS: Final[tuple[type[Command], ...]] = (
    sql.CommandGetSqlInfo,
    sql.CommandGetXdbcTypeInfo,
    sql.CommandGetCatalogs,
    sql.CommandGetDbSchemas,
    sql.CommandGetTables,
    sql.CommandGetTableTypes,
    sql.CommandGetPrimaryKeys,
    sql.CommandGetExportedKeys,
    sql.CommandGetImportedKeys,
    sql.CommandGetCrossReference,
    sql.CommandStatementQuery,
    sql.CommandStatementUpdate,
    sql.CommandStatementSubstraitPlan,
    sql.CommandStatementIngest,
    sql.CommandPreparedStatementQuery,
    sql.CommandPreparedStatementUpdate,
    sql.TicketStatementQuery,
)

WRAPPED_ACTIONS: Final[Mapping[str, type[Message]]] = {
    "CreatePreparedStatement": sql.ActionCreatePreparedStatementRequest,
    "CreatePreparedSubstraitPlan": sql.ActionCreatePreparedSubstraitPlanRequest,
    "ClosePreparedStatement": sql.ActionClosePreparedStatementRequest,
    "BeginTransaction": sql.ActionBeginTransactionRequest,
    "EndTransaction": sql.ActionEndTransactionRequest,
    "BeginSavepoint": sql.ActionBeginSavepointRequest,
    "EndSavepoint": sql.ActionEndSavepointRequest,
    "CancelQuery": sql.ActionCancelQueryRequest,
}
"""Actions of Flight SQL: body and result are each a google.protobuf.Any."""

BARE_ACTIONS: Final[Mapping[str, type[Message]]] = {
    "CancelFlightInfo": flight.CancelFlightInfoRequest,
    "RenewFlightEndpoint": flight.RenewFlightEndpointRequest,
    "SetSessionOptions": flight.SetSessionOptionsRequest,
    "GetSessionOptions": flight.GetSessionOptionsRequest,
    "CloseSession": flight.CloseSessionRequest,
}
"""Actions of Flight itself: body and result are the messages as they are."""

_NAMED: Final[Mapping[str, type[Command]]] = {kind.DESCRIPTOR.full_name: kind for kind in COMMANDS}
_SHOWN_CHARS = 120

M = TypeVar("M", bound=Message)


def decode(payload: bytes) -> Command:
    """Return the command inside a FlightDescriptor's `cmd` or a ticket.

    Raises InvalidArgument if the bytes are no Flight SQL command at all, Unsupported if it is one that we don't know.
    """
    wrapper = _wrapper(payload, "command")
    kind = _NAMED.get(_type_name(wrapper))
    if kind is None:
        raise Unsupported(f"command '{_shown(wrapper.type_url)}' is not a Flight SQL command of this server")
    return _parse(kind, wrapper.value)


def decode_action(name: str, body: bytes) -> Message:
    """Return the request inside the body of one of the actions in WRAPPED_ACTIONS and BARE_ACTIONS.

    Raises InvalidArgument if the body is not that action's request, Unsupported if the action is in neither table.
    """
    if (kind := BARE_ACTIONS.get(name)) is not None:
        return _parse(kind, body)
    if (kind := WRAPPED_ACTIONS.get(name)) is None:
        raise Unsupported(f"action '{_shown(name)}' is not a Flight SQL action")
    wrapper = _wrapper(body, f"body of action {name}")
    if _type_name(wrapper) != kind.DESCRIPTOR.full_name:
        raise InvalidArgument(
            f"action {name} takes a {kind.DESCRIPTOR.full_name}, its body holds a '{_shown(wrapper.type_url)}'"
        )
    return _parse(kind, wrapper.value)


def pack(message: Message) -> bytes:
    """Return the message as a serialised google.protobuf.Any: a ticket, or the result of one of WRAPPED_ACTIONS."""
    wrapper = AnyMessage()
    wrapper.Pack(message)
    return wrapper.SerializeToString()


def _wrapper(payload: bytes, what: str) -> AnyMessage:
    wrapper = AnyMessage()
    try:
        wrapper.ParseFromString(payload)
    except DecodeError:
        wrapper.Clear()
    # Many byte strings parse as an Any without a type, the empty one among them.
    if not wrapper.type_url:
        raise InvalidArgument(f"the {what} is not a Flight SQL message: it must be a serialised google.protobuf.Any")
    return wrapper


def _parse(kind: type[M], payload: bytes) -> M:
    message = kind()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        raise InvalidArgument(f"the bytes are not a valid {kind.DESCRIPTOR.full_name}") from None
    return message


def _type_name(wrapper: AnyMessage) -> str:
    """The part after the last slash, as protobuf defines it: clients differ in the host before it."""
    return wrapper.type_url.rpartition("/")[2]


def _shown(text: str) -> str:
    """Bound what an error repeats of the caller's text, control characters made visible."""
    return ascii(text[:_SHOWN_CHARS])[1:-1]
