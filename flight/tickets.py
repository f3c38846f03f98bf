"""What a ticket of ours holds: a query to run, or the handle of a result that waits. Opaque to clients.

A forged ticket gains nothing: the query in it passes the gate as its sender, and a handle is of the sender's session.
"""

import base64
import json
from dataclasses import dataclass

import pyarrow.flight as fl

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from server.errors import InvalidArgument


@dataclass(frozen=True)
class QueryTicket:
    """name: by which its session cancels the query."""

    text: str
    transaction_id: bytes
    name: str


@dataclass(frozen=True)
class HeldTicket:
    handle: str


def encode(ticket: QueryTicket | HeldTicket) -> fl.Ticket:
    if isinstance(ticket, HeldTicket):
        fields = {"held": ticket.handle}
    else:
        transaction = base64.b64encode(ticket.transaction_id).decode()
        fields = {"query": ticket.text, "transaction": transaction, "name": ticket.name}
    message = sql.TicketStatementQuery(statement_handle=json.dumps(fields).encode())
    return fl.Ticket(pack(message))


def decode(message: sql.TicketStatementQuery) -> QueryTicket | HeldTicket:
    """Raises InvalidArgument for a ticket that this server did not make."""
    try:
        match json.loads(message.statement_handle):
            case {"held": str(handle)}:
                return HeldTicket(handle)
            case {"query": str(text), "transaction": str(transaction), "name": str(name)}:
                return QueryTicket(text, base64.b64decode(transaction, validate=True), name)
    except (ValueError, RecursionError):
        pass
    raise InvalidArgument("the ticket is not one of this server")
