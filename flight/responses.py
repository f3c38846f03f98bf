"""Flight's own envelopes: a FlightInfo, and a result as a data stream."""

import pyarrow as pa
import pyarrow.flight as fl

from flight.errors import guarded_batches
from server.engine.batches import BatchBounds
from server.engine.results import ResultStream


def info(descriptor: fl.FlightDescriptor, schema: pa.Schema, ticket: fl.Ticket) -> fl.FlightInfo:
    """One endpoint without a location: the client fetches over the connection it has."""
    return fl.FlightInfo(schema, descriptor, [fl.FlightEndpoint(ticket, [])], -1, -1)


def table_stream(table: pa.Table, bounds: BatchBounds) -> fl.FlightDataStream:
    """Raises LimitExceeded, while it is read, for a row that fits no message."""
    pieces = (piece for batch in table.to_batches() for piece in bounds.cut(batch))
    return fl.GeneratorStream(table.schema, guarded_batches(pieces))


def query_stream(stream: ResultStream) -> fl.FlightDataStream:
    """A running query's batches. pyarrow drops the stream when the call ends, however it does; that ends the query."""
    return fl.GeneratorStream(stream.schema, guarded_batches(stream))
