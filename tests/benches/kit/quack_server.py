"""`python -m tests.benches.kit.quack_server DATABASE`: a DuckDB that serves its Quack protocol on loopback.

Prints its address and token as JSON and serves until its stdin ends.
"""

import json
import socket
import sys

import duckdb

from server.engine.extensions import load_extension


def connect_with_quack(database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A DuckDB with the extension and what it is built on. Raises StartupError if it isn't installed."""
    connection = duckdb.connect(database, config={"autoinstall_known_extensions": False})
    load_extension(connection, "httpfs")  # Quack speaks HTTP through it
    load_extension(connection, "quack")
    return connection


def _free_port() -> int:
    """Quack takes no port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    connection = connect_with_quack(sys.argv[1])
    served = connection.execute("CALL quack_serve(?)", [f"quack:127.0.0.1:{_free_port()}"]).fetchall()
    sys.stdout.write(json.dumps([served[0][0], served[0][2]]) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
