"""The Flight service: decodes what is asked, finds the session, hands over to the command's own file."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl

from flight import ingest, prepared, responses, statements
from flight.actions import Actions
from flight.authentication import MIDDLEWARE, Authentication
from flight.catalog_commands import CatalogCommands
from flight.commands import decode, pack
from flight.counting import note_ingested
from flight.errors import guarded, guarded_batches, guarded_schema
from flight.gen import flight_sql_pb2 as sql
from flight.tracing import note_call
from server.engine.running import client_gone
from server.errors import InvalidArgument, Unsupported
from server.sessions.session import Session

TELLS_NOTHING_OF_THE_LAKE = (
    sql.CommandGetSqlInfo,
    sql.CommandGetXdbcTypeInfo,
    sql.CommandGetTableTypes,
    sql.CommandGetCatalogs,
)


class FlightService(fl.FlightServerBase):
    """Listens as soon as it is made. Handlers run in gRPC's threads, any number at once."""

    def __init__(
        self,
        location: str,
        authentication: Authentication,
        catalog: CatalogCommands,
        actions: Actions,
        observers: Mapping[str, fl.ServerMiddlewareFactory],
        options: Mapping[str, Any],
    ) -> None:
        """observers: further middleware, asked after authentication. options: of pyarrow's server, see transport.py."""
        super().__init__(location, middleware={MIDDLEWARE: authentication, **observers}, **options)
        self._catalog = catalog
        self._actions = actions

    @guarded
    def get_flight_info(self, context: Any, descriptor: fl.FlightDescriptor) -> fl.FlightInfo:
        session, command = _session(context), _command(descriptor)
        if self._catalog.knows(command):
            return responses.info(descriptor, self._catalog.schema(command), fl.Ticket(pack(command)))
        match command:
            case sql.CommandStatementQuery():
                return statements.query_info(session, command, descriptor)
            case sql.CommandPreparedStatementQuery():
                return prepared.query_info(session, command, descriptor)
        raise Unsupported(f"{type(command).__name__} has no FlightInfo in this server")

    @guarded_schema
    def get_schema(self, context: Any, descriptor: fl.FlightDescriptor) -> fl.SchemaResult:  # type: ignore[override]
        session, command = _session(context), _command(descriptor)
        if self._catalog.knows(command):
            return fl.SchemaResult(self._catalog.schema(command))
        match command:
            case sql.CommandStatementQuery():
                return fl.SchemaResult(statements.query_schema(session, command))
            case sql.CommandPreparedStatementQuery():
                return fl.SchemaResult(prepared.query_schema(session, command))
        raise Unsupported(f"{type(command).__name__} has no schema in this server")

    @guarded
    def do_get(self, context: Any, ticket: fl.Ticket) -> fl.FlightDataStream:
        session, command = _session(context), decode(ticket.ticket)
        if self._catalog.knows(command):
            return responses.table_stream(self._listed(session, command), session.batches)
        match command:
            case sql.TicketStatementQuery():
                return statements.ticket_get(session, command)
            case sql.CommandPreparedStatementQuery():
                return prepared.query_get(session, command)
        raise Unsupported(f"{type(command).__name__} can't be fetched from this server")

    @guarded
    def do_put(
        self, context: Any, descriptor: fl.FlightDescriptor, reader: fl.MetadataRecordBatchReader, writer: Any
    ) -> None:
        session, command = _session(context), _command(descriptor)
        match command:
            case sql.CommandStatementUpdate():
                rows = statements.update(session, command)
            case sql.CommandPreparedStatementUpdate():
                rows = prepared.update(session, command, reader.to_reader())
            case sql.CommandStatementIngest():
                rows = ingest.ingest(session, command, reader.to_reader())
                note_ingested(context, rows)
            case sql.CommandPreparedStatementQuery():
                writer.write(pa.py_buffer(prepared.bind(session, command, reader.to_reader())))
                return
            case _:
                raise Unsupported(f"{type(command).__name__} can't be put to this server")
        writer.write(pa.py_buffer(sql.DoPutUpdateResult(record_count=rows).SerializeToString()))

    @guarded
    def do_action(self, context: Any, action: fl.Action) -> Iterator[fl.Result]:  # type: ignore[override]
        session = _session(context)
        results = self._actions.run(session, action.type, action.body.to_pybytes())
        return guarded_batches(fl.Result(pa.py_buffer(body)) for body in results)

    @guarded
    def list_actions(self, context: Any) -> list[fl.ActionType]:  # type: ignore[override]
        _session(context)
        return self._actions.listed()

    @guarded
    def list_flights(self, context: Any, criteria: Any) -> Iterator[fl.FlightInfo]:
        _session(context)
        raise Unsupported("tables are listed by Flight SQL's GetTables")

    @guarded
    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        _session(context)
        raise Unsupported("this server has no use for DoExchange")

    def _listed(self, session: Session, command: Any) -> pa.Table:
        """What the caller may see of the lake: everything, or nothing as long as only administrators may read it."""
        if session.principal.is_admin or isinstance(command, TELLS_NOTHING_OF_THE_LAKE):
            return self._catalog.table(command)
        return self._catalog.schema(command).empty_table()


def _session(context: Any) -> Session:
    """The call's session. Statements that it starts from here on end when its client goes away.

    A handler has its thread for itself, so what is set here is seen by this call alone.
    """
    client_gone.set(context.is_cancelled)
    note_call(context)
    session: Session = context.get_middleware(MIDDLEWARE).session(context)
    return session


def _command(descriptor: fl.FlightDescriptor) -> Any:
    if descriptor.descriptor_type != fl.DescriptorType.CMD:
        raise InvalidArgument("a Flight SQL request is a command descriptor")
    return decode(descriptor.command or b"")
