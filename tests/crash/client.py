"""An ADBC client in a process of its own, for servers that end under it: the driver hangs up in many ways then.

`python -m tests.crash.client WORK URI PASSWORD FIRST` does one step after the other, from step FIRST on, and prints
each step's number once the server has acknowledged it. It ends when a step fails.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa
from adbc_driver_manager import dbapi

from clients.python import DRIVER_ERRORS, connect
from tests.harness import PASSWORD, ROOT, Server, query

BATCH_ROWS = 200_000
ENDLESS = "SELECT count(*) FROM range(10000000) a, range(10000000) b"


def statement(step: int) -> str:
    """One endless story of DDL and DML that comes out the same each time it is told."""
    table, number = f"story_{step // 8}", step // 8
    return [
        f"CREATE TABLE {table} AS SELECT i AS id, {number} AS chapter FROM range(100) r(i)",
        f"INSERT INTO {table} SELECT i, {number} FROM range(100, 150) r(i)",
        f"UPDATE {table} SET chapter = -1 WHERE id % 3 = 0",
        f"DELETE FROM {table} WHERE id % 5 = 0",
        f"ALTER TABLE {table} ADD COLUMN note VARCHAR",
        f"UPDATE {table} SET note = 'n' || id WHERE id > 70",
        f"CREATE OR REPLACE VIEW newest AS SELECT id, chapter FROM {table}",
        f"DROP TABLE IF EXISTS story_{number - 2}",
    ][step % 8]


def tell(connection: dbapi.Connection, step: int) -> None:
    query(connection, statement(step))


def load(connection: dbapi.Connection, step: int) -> None:
    table = pa.table({"step": pa.array([step] * BATCH_ROWS, pa.int32()), "n": range(BATCH_ROWS)})
    with connection.cursor() as cursor:
        cursor.adbc_ingest("batches", table, mode="create_append")


def derive(connection: dbapi.Connection, step: int) -> None:
    query(connection, f"CREATE TABLE made_{step} AS SELECT id, lower(email) AS email FROM people")


def wait_forever(connection: dbapi.Connection, _: int) -> None:
    query(connection, ENDLESS)


WORK = {"tell": tell, "load": load, "derive": derive, "wait": wait_forever}


def working(server: Server, work: str, first: int = 0) -> AbstractContextManager["subprocess.Popen[str]"]:
    """A client that is connected and at work."""
    return at_work("tests.crash.client", work, server.uri, PASSWORD, str(first))


@contextmanager
def at_work(module: str, *arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that said it is ready; killed in the end."""
    client = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert client.stdout is not None
    try:
        assert client.stdout.readline() == "ready\n"
        yield client
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


def acknowledged(client: "subprocess.Popen[str]") -> list[int]:
    """Every step that the server acknowledged, once the client has ended because its server has."""
    client.wait(60)
    assert client.stdout is not None
    return [int(line) for line in client.stdout if line.strip().isdigit()]


def tell_parent(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    work, uri, password, first = sys.argv[1:]
    step = int(first)
    try:
        connection = connect(uri, "admin", password)
        tell_parent("ready")
        while True:
            WORK[work](connection, step)
            tell_parent(str(step))
            step += 1
    except DRIVER_ERRORS:
        os._exit(0)  # closing a connection to a dead server takes the driver long


if __name__ == "__main__":
    main()
