"""DuckDB's own client-server protocol as the reference: a server process, and a DuckDB client attached to it."""

import json
from pathlib import Path

import pyarrow as pa

from server.errors import StartupError
from tests.benches.kit.processes import Process
from tests.benches.kit.quack_server import connect_with_quack
from tests.benches.kit.rows import NotRun


class QuackClient:
    """Queries run on the server, through one attached connection, which is the fastest way in."""

    def __init__(self, address: str, token: str) -> None:
        """Raises StartupError if Quack is not installed."""
        self._client = connect_with_quack()
        self._client.execute(f"ATTACH '{address}' AS remote (TYPE quack, TOKEN '{token}')")

    def query(self, text: str) -> pa.Table:
        self._client.execute("FROM quack_query_by_name('remote', ?)", [text])
        table: pa.Table = self._client.to_arrow_table()
        return table

    def close(self) -> None:
        self._client.close()


class Quack:
    """A server of its own, on a database file or in memory, with one client. Raises NotRun."""

    def __init__(self, database: Path | None = None) -> None:
        try:
            connect_with_quack().close()  # what is missing is told better from here
            self._server = Process("tests.benches.kit.quack_server", str(database or ":memory:"))
            self.address, self.token = json.loads(self._server.ready)
        except (StartupError, RuntimeError) as error:
            raise NotRun(error) from None
        self._client = QuackClient(self.address, self.token)

    def query(self, text: str) -> pa.Table:
        return self._client.query(text)

    def close(self) -> None:
        self._client.close()
        self._server.stop()
