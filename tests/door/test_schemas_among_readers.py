"""Tables come and go beside readers, and the server stays."""

import threading
from collections.abc import Callable

from adbc_driver_manager import dbapi

from tests.harness import Server, query

ROUNDS = 120


def test_tables_are_made_and_dropped_while_others_read(server: Server) -> None:
    server.rows("CREATE TABLE beside AS SELECT 1 AS a")
    server.rows("CREATE SCHEMA IF NOT EXISTS elsewhere")
    done = threading.Event()
    errors: list[Exception] = []

    def looped(work: Callable[[dbapi.Connection], object]) -> threading.Thread:
        def run() -> None:
            with server.connect() as connection:
                while not done.is_set():
                    try:
                        work(connection)
                    except dbapi.Error as error:
                        errors.append(error)
                        return

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def changing_schema(connection: dbapi.Connection) -> None:
        query(connection, "USE elsewhere")
        query(connection, "USE main")

    threads = [
        looped(lambda connection: query(connection, "SELECT * FROM beside")),
        looped(lambda connection: query(connection, "INSERT INTO beside VALUES (?)", (2,))),
        looped(lambda connection: connection.adbc_get_objects().read_all()),
        looped(changing_schema),
    ]
    try:
        with server.connect() as connection:
            for _ in range(ROUNDS):
                query(connection, "CREATE TABLE comes_and_goes AS SELECT 1 AS x")
                query(connection, "DROP TABLE comes_and_goes")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert server.rows("SELECT 1 AS alive") == [{"alive": 1}]
