"""CancelFlightInfo, and CancelQuery before it: end the query of a FlightInfo, whether it runs or was never fetched."""

from google.protobuf.message import DecodeError

from flight.commands import decode, pack
from flight.gen import flight_session_pb2 as flight
from flight.gen import flight_sql_pb2 as sql
from flight.tickets import HeldTicket
from flight.tickets import decode as decode_ticket
from server.errors import InvalidArgument
from server.sessions.session import Session

_OLDER = {
    flight.CANCEL_STATUS_CANCELLED: sql.ActionCancelQueryResult.CANCEL_RESULT_CANCELLED,
    flight.CANCEL_STATUS_CANCELLING: sql.ActionCancelQueryResult.CANCEL_RESULT_CANCELLING,
    flight.CANCEL_STATUS_NOT_CANCELLABLE: sql.ActionCancelQueryResult.CANCEL_RESULT_NOT_CANCELLABLE,
}


def cancel_flight_info(session: Session, request: flight.CancelFlightInfoRequest) -> bytes:
    """The serialised CancelFlightInfoResult."""
    return flight.CancelFlightInfoResult(status=_cancel(session, request.info)).SerializeToString()


def cancel_query(session: Session, request: sql.ActionCancelQueryRequest) -> bytes:
    """The packed ActionCancelQueryResult."""
    info = flight.FlightInfo()
    try:
        info.ParseFromString(request.info)
    except DecodeError:
        raise InvalidArgument("the bytes are not a FlightInfo") from None
    return pack(sql.ActionCancelQueryResult(result=_OLDER[_cancel(session, info)]))


def _cancel(session: Session, info: flight.FlightInfo) -> flight.CancelStatus.ValueType:
    if not info.endpoint:
        raise InvalidArgument("a query is cancelled by the FlightInfo that the server gave for it")
    ended = _end(session, info.endpoint[0].ticket.ticket)
    if ended is None:
        return flight.CANCEL_STATUS_NOT_CANCELLABLE
    return flight.CANCEL_STATUS_CANCELLED if ended else flight.CANCEL_STATUS_CANCELLING


def _end(session: Session, ticket: bytes) -> bool | None:
    """True if the query ended, False if it is about to, None if there is nothing to cancel."""
    match decode(ticket):
        case sql.TicketStatementQuery() as message:
            query = decode_ticket(message)
            if isinstance(query, HeldTicket):
                return None if session.held.drop(query.handle) is None else True
            return session.cancel(query.name, once=True)
        case sql.CommandPreparedStatementQuery(prepared_statement_handle=handle):
            return session.cancel(session.find_prepared(handle).name, once=False)
    return None
