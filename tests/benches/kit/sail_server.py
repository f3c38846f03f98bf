"""`python -m tests.benches.kit.sail_server`: Sail's Flight SQL server on a free port of the loopback interface.

What `sail flight server` starts, but that it tells its port, and ends with its stdin. Prints its address.
"""

import sys

from pysail.flight import FlightSqlServer  # type: ignore[import-untyped]

if __name__ == "__main__":
    server = FlightSqlServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address or ("", 0)
    sys.stdout.write(f"grpc://{host}:{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()
