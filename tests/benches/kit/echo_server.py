"""`python -m tests.benches.kit.echo_server`: pyarrow.flight with nothing behind it, the least that two calls can cost.

Prints its address and serves one row to anyone until its stdin ends.
"""

import sys
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl

TABLE = pa.table({"one": pa.array([1], pa.int32())})


class EchoServer(fl.FlightServerBase):
    def get_flight_info(self, context: Any, descriptor: fl.FlightDescriptor) -> fl.FlightInfo:
        return fl.FlightInfo(TABLE.schema, descriptor, [fl.FlightEndpoint(fl.Ticket(b"one"), [])], -1, -1)

    def do_get(self, context: Any, ticket: fl.Ticket) -> fl.FlightDataStream:
        return fl.RecordBatchStream(TABLE)


if __name__ == "__main__":
    with EchoServer("grpc://127.0.0.1:0") as server:
        sys.stdout.write(f"grpc://127.0.0.1:{server.port}\n")
        sys.stdout.flush()
        sys.stdin.read()
