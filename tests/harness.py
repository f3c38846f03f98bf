"""A real server in a process of its own, as people start it, and real clients to it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

from clients.python import Operations, connect

ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse battery"
READY_S = 60.0


class StartFailed(Exception):
    """The server ended instead of getting ready. `status`, `out` and `err` are what it left."""

    def __init__(self, status: int, out: str, err: str) -> None:
        super().__init__(f"exit status {status}\n{out}\n{err}")
        self.status, self.out, self.err = status, out, err


class Server:
    """`python -m server serve` on a free port. Everything it prints is kept in `out` and in the file `log`."""

    def __init__(self, data: Path, *flags: str, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        self.out: list[str] = []
        self.uri = ""
        self._flags = flags
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("LAKEHOUSE_")}
        self._environment |= {"LAKEHOUSE_ADMIN_PASSWORD": PASSWORD} | dict(environment or {})
        self._open: list[dbapi.Connection] = []

    def start(self) -> Self:
        """Return once it is ready. Raises StartFailed."""
        flags = ["--data", str(self.data), "--port", "0", *self._flags]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "serve", *flags],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        timer = threading.Timer(READY_S, self.process.kill)
        timer.start()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.out.append(line.rstrip("\n"))
            if line.startswith("ready "):
                self.uri = line.split()[1]
                timer.cancel()
                return self
        timer.cancel()
        status = self.process.wait()
        self.process.stdout.close()
        raise StartFailed(status, "\n".join(self.out), self.log.read_text())

    @property
    def port(self) -> int:
        return int(self.uri.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        return self.process.pid

    def connect(self, **options: Any) -> dbapi.Connection:
        """An autocommit connection, closed with the server at the latest."""
        connection = connect(self.uri, "admin", PASSWORD, **options)
        self._open.append(connection)
        return connection

    def operations(self) -> Operations:
        return Operations(self.uri, "admin", PASSWORD)

    def rows(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        """Run one statement on a connection of its own."""
        with connect(self.uri, "admin", PASSWORD) as connection:
            return query(connection, sql, parameters).to_pylist()

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._close_clients()
        self.process.kill()
        self._reap()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; its exit status."""
        self._close_clients()
        self.process.send_signal(number)
        return self._reap()

    def _reap(self) -> int:
        assert self.process.stdout is not None
        self.out.extend(line.rstrip("\n") for line in self.process.stdout)
        self.process.stdout.close()
        return self.process.wait(60)

    def _close_clients(self) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()


def manual(server: Server) -> dbapi.Connection:
    """A connection whose statements are one transaction until its end, as DB-API has it."""
    options = {"username": "admin", "password": PASSWORD}
    return flightsql.connect(server.uri, db_kwargs=options, autocommit=False)


def query(connection: dbapi.Connection, sql: str, parameters: Any = None) -> pa.Table:
    """Run one statement and fetch its result, cursor closed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        table: pa.Table = cursor.fetch_arrow_table()
        return table
