"""CommandStatementQuery and CommandStatementUpdate: SQL text, run without preparing it."""

import pyarrow as pa
import pyarrow.flight as fl

from flight import responses, tickets
from flight.gen import flight_sql_pb2 as sql
from flight.tickets import HeldTicket, QueryTicket
from server.sessions.session import Session
from server.sql.statements import Kind


def query_info(session: Session, command: sql.CommandStatementQuery, descriptor: fl.FlightDescriptor) -> fl.FlightInfo:
    """A pure query goes into the ticket and runs when it is fetched; anything else runs now, exactly once."""
    statement = session.admit(command.query)
    if statement.kind is Kind.QUERY:
        schema = session.describe(statement, None, command.transaction_id).schema
        ticket = tickets.encode(QueryTicket(command.query, command.transaction_id, session.new_name()))
        return responses.info(descriptor, schema, ticket)
    return held_info(session, session.run_now(statement, None, command.transaction_id), descriptor)


def held_info(session: Session, table: pa.Table, descriptor: fl.FlightDescriptor) -> fl.FlightInfo:
    return responses.info(descriptor, table.schema, tickets.encode(HeldTicket(session.held.put(table))))


def query_schema(session: Session, command: sql.CommandStatementQuery) -> pa.Schema:
    """The schema without running anything; none for what is no query."""
    statement = session.admit(command.query)
    if statement.kind is not Kind.QUERY:
        return session.declared_schema(statement, command.transaction_id)
    return session.describe(statement, None, command.transaction_id).schema


def ticket_get(session: Session, message: sql.TicketStatementQuery) -> fl.FlightDataStream:
    ticket = tickets.decode(message)
    if isinstance(ticket, HeldTicket):
        return responses.table_stream(session.held.take(ticket.handle), session.batches)
    statement = session.admit(ticket.text)
    if statement.kind is not Kind.QUERY:
        return responses.table_stream(session.run_now(statement, None, ticket.transaction_id), session.batches)
    return responses.query_stream(session.query(statement, None, ticket.transaction_id, ticket.name))


def update(session: Session, command: sql.CommandStatementUpdate) -> int:
    return session.update(session.admit(command.query), None, command.transaction_id)
