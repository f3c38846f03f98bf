"""Sail's Flight SQL server as the reference: a process of its own, and an ADBC connection to it."""

from pathlib import Path

from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

from tests.benches.kit.processes import Process
from tests.benches.kit.rows import NotRun
from tests.harness import query

TABLE = "bench_rows"
SERVER = "tests.benches.kit.sail_server"


class Sail:
    """Serves one Parquet file as table bench_rows. Raises NotRun if pysail is not installed or does not start."""

    def __init__(self, file: Path) -> None:
        self._server = Process(SERVER)
        try:
            self.address = self._server.ready
        except RuntimeError as error:
            raise NotRun(f"Sail: {error}") from None
        self.connection: dbapi.Connection = flightsql.connect(self.address, autocommit=True)
        # All connections are in one session of Sail's, so that each sees the table.
        query(self.connection, f"CREATE TABLE {TABLE} USING parquet LOCATION '{file}'")

    def close(self) -> None:
        self.connection.close()
        self._server.stop()
