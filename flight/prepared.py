"""Prepared statements: create, bind, query, update, close. Nothing runs before a query is asked or an update put."""

import pyarrow as pa
import pyarrow.flight as fl

from flight import responses
from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from flight.metadata.tables import serialised
from flight.statements import held_info
from server.errors import InvalidArgument, LimitExceeded
from server.sessions.bulk import rows_of
from server.sessions.options import DEFAULT_TIME_ZONE
from server.sessions.prepared_statements import Prepared
from server.sessions.session import Session
from server.sql.announced import announced, as_described
from server.sql.statements import Kind

BOUND_ROWS_MAX = 1_000_000


def create(session: Session, request: sql.ActionCreatePreparedStatementRequest) -> bytes:
    """The packed result. An empty dataset schema tells JDBC that this is an update."""
    handle, prepared = session.prepare(request.query, request.transaction_id)
    schema = prepared.described.schema
    result = sql.ActionCreatePreparedStatementResult(
        prepared_statement_handle=handle,
        dataset_schema=serialised(schema) if schema.names else b"",
        parameter_schema=serialised(parameter_schema(prepared)),
    )
    return pack(result)


def parameter_schema(prepared: Prepared) -> pa.Schema:
    """One field per parameter; see `announced`."""
    described = zip(prepared.statement.parameters, prepared.described.parameters, strict=True)
    return pa.schema([pa.field(f"${name}", announced(type_name)) for name, type_name in described])


def close(session: Session, request: sql.ActionClosePreparedStatementRequest) -> None:
    session.prepared.close(request.prepared_statement_handle)


def bind(session: Session, command: sql.CommandPreparedStatementQuery, rows: pa.RecordBatchReader) -> bytes:
    """Keep the rows for the next execution; the packed answer that names the handle."""
    prepared = session.find_prepared(command.prepared_statement_handle)
    prepared.bound = _read(session, prepared, rows)
    answer = sql.DoPutPreparedStatementResult(prepared_statement_handle=command.prepared_statement_handle)
    return answer.SerializeToString()


def query_info(
    session: Session, command: sql.CommandPreparedStatementQuery, descriptor: fl.FlightDescriptor
) -> fl.FlightInfo:
    prepared = _admitted(session, command.prepared_statement_handle)
    statement, row = prepared.statement, _one_row(prepared)
    if statement.kind is not Kind.QUERY:
        return held_info(session, session.run_now(statement, row, prepared.transaction_id), descriptor)
    schema = session.describe(statement, session.types_of(statement, row), prepared.transaction_id).schema
    return responses.info(descriptor, schema, fl.Ticket(pack(command)))


def query_schema(session: Session, command: sql.CommandPreparedStatementQuery) -> pa.Schema:
    prepared = _admitted(session, command.prepared_statement_handle)
    if prepared.statement.kind is not Kind.QUERY:
        return session.declared_schema(prepared.statement, prepared.transaction_id)
    types = session.types_of(prepared.statement, _one_row(prepared))
    return session.describe(prepared.statement, types, prepared.transaction_id).schema


def query_get(session: Session, command: sql.CommandPreparedStatementQuery) -> fl.FlightDataStream:
    prepared = _admitted(session, command.prepared_statement_handle)
    statement, row = prepared.statement, _one_row(prepared)
    if statement.kind is not Kind.QUERY:
        return responses.table_stream(session.run_now(statement, row, prepared.transaction_id), session.batches)
    return responses.query_stream(session.query(statement, row, prepared.transaction_id, prepared.name))


def update(session: Session, command: sql.CommandPreparedStatementUpdate, rows: pa.RecordBatchReader | None) -> int:
    """Run once per bound row, all or none."""
    prepared = _admitted(session, command.prepared_statement_handle)
    if rows is not None:
        prepared.bound = _read(session, prepared, rows)
    bound = prepared.bound if prepared.statement.parameters else None
    return session.update(prepared.statement, bound, prepared.transaction_id)


def _admitted(session: Session, handle: bytes) -> Prepared:
    """The statement, if it may run now: its names may mean other tables than when it was prepared."""
    prepared = session.find_prepared(handle)
    session.admit(prepared.statement.text)
    return prepared


def _read(session: Session, prepared: Prepared, rows: pa.RecordBatchReader) -> pa.Table | None:
    parameters, given = prepared.statement.parameters, rows.schema.names
    if not given:
        return None
    if len(given) != len(parameters):
        raise InvalidArgument(f"the statement has {len(parameters)} parameters, {len(given)} were bound")
    batches, count = [], 0
    for batch in rows:
        batches.append(batch)
        count += batch.num_rows
        if count > BOUND_ROWS_MAX:
            raise LimitExceeded("BOUND_ROWS_MAX", f"{count} rows were bound: load them by ingest")
    table = pa.Table.from_batches(batches, rows.schema)
    names = [name.removeprefix("$") for name in given]
    # Values that carry the parameters' names are bound by name, others by position.
    ordered = table.rename_columns(names).select(list(parameters)) if set(names) == set(parameters) else table
    zone = session.cursors.time_zone or DEFAULT_TIME_ZONE
    return as_described(session.services.value_types, ordered, prepared.described.parameters, zone)


def _one_row(prepared: Prepared) -> pa.RecordBatch | None:
    """A query runs with one row of values."""
    bound = prepared.bound
    if bound is None or not prepared.statement.parameters:
        return None
    if bound.num_rows != 1:
        raise InvalidArgument(f"a query takes one row of parameters, {bound.num_rows} were bound")
    return next(rows_of(bound))
