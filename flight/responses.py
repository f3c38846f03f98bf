"""Flight's own envelopes: a FlightInfo, and a result as a data stream."""

from itertools import chain

import pyarrow as pa
import pyarrow.flight as fl

from flight.errors import guarded_batches
from server.engine.batches import BatchBounds
from server.engine.results import ResultStream

SMALL_ROWS_MAX = 2048  # DuckDB fills its batches with more than this unless the result ends


def info(descriptor: fl.FlightDescriptor, schema: pa.Schema, ticket: fl.Ticket) -> fl.FlightInfo:
    """One endpoint without a location: the client fetches over the connection it has."""
    return fl.FlightInfo(schema, descriptor, [fl.FlightEndpoint(ticket, [])], -1, -1)


def table_stream(table: pa.Table, bounds: BatchBounds) -> fl.FlightDataStream:
    """Raises LimitExceeded, while it is read, for a row that fits no message."""
    pieces = (piece for batch in table.to_batches() for piece in bounds.cut(batch))
    return fl.GeneratorStream(table.schema, guarded_batches(pieces))


def query_stream(stream: ResultStream) -> fl.FlightDataStream:
    """A running query's batches. pyarrow drops the stream when the call ends, however it does; that ends the query.

    A small result is handed over whole, since gRPC then asks Python for nothing more.
    """
    first = next(stream, None)
    if first is None or first.num_rows >= SMALL_ROWS_MAX:
        return fl.GeneratorStream(stream.schema, guarded_batches(chain([] if first is None else [first], stream)))
    second = next(stream, None)
    if second is None:
        return fl.RecordBatchStream(pa.Table.from_batches([first], stream.schema))
    return fl.GeneratorStream(stream.schema, guarded_batches(chain([first, second], stream)))
