"""Events from outside in the append log: sealed before they go in, some of them in each record.

A record is a byte that tells its format, and an Arrow record batch of the schema of events, without that schema.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from server.appendlog.frames import PAYLOAD_BYTES_MAX
from server.errors import InvalidArgument
from server.journal.event import SCHEMA, Event, batch_of, events_of

_FORMAT = b"\x01"


def encode(events: Sequence[Event]) -> Iterator[bytes]:
    """Records that hold the events in their order. Raises InvalidArgument for an event that fits none."""
    payload = _FORMAT + batch_of(events).serialize().to_pybytes()
    if len(payload) <= PAYLOAD_BYTES_MAX:
        yield payload
        return
    if len(events) == 1:
        raise InvalidArgument(f"an event of {len(payload)} bytes is too large: the most is {PAYLOAD_BYTES_MAX}")
    middle = len(events) // 2
    yield from encode(events[:middle])
    yield from encode(events[middle:])


def decode(payload: bytes) -> list[Event]:
    return events_of(pa.ipc.read_record_batch(pa.py_buffer(payload[1:]), SCHEMA))
