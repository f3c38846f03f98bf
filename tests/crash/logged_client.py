"""Threads that send statements to a server that ends under them, and note which ones it acknowledged.

`python -m tests.crash.logged_client URI PASSWORD NAME FILE`: each thread has a connection; every text is sent once and
tells its NAME, thread and number. A text is appended to FILE when its answer was read whole. The process prints "ready"
before the first, and ends when a statement fails.
"""

import itertools
import os
import sys
import threading

from adbc_driver_manager import dbapi

from clients.python import DRIVER_ERRORS, connect
from tests.harness import query

THREADS = 3


def text(name: str, thread: int, number: int) -> str:
    """Mostly queries; now and then a change of a table of the thread's own."""
    if number % 10 == 0:
        return f"CREATE OR REPLACE TABLE logged_{thread} AS SELECT '{name} {number}' AS s"
    return f"SELECT '{name} {thread} {number}' AS s"


def send(connection: dbapi.Connection, name: str, thread: int, out: int) -> None:
    try:
        for number in itertools.count():
            statement = text(name, thread, number)
            query(connection, statement)
            os.write(out, f"{statement}\n".encode())
    except DRIVER_ERRORS:
        os._exit(0)  # closing a connection to a dead server takes the driver long


def main() -> None:
    uri, password, name, file = sys.argv[1:]
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        connections = [connect(uri, "admin", password) for _ in range(THREADS)]
    except DRIVER_ERRORS:
        os._exit(0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threads = [
        threading.Thread(target=send, args=(connection, name, thread, out))
        for thread, connection in enumerate(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
