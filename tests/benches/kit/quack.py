"""DuckDB's own client-server protocol as the reference: a server process and a DuckDB client attached to it."""

import json

import pyarrow as pa

from server.errors import StartupError
from tests.benches.kit.processes import Process
from tests.benches.kit.quack_server import connect_with_quack
from tests.benches.kit.rows import NotRun


class Quack:
    """Queries run on the server, through one attached connection, which is the fastest way in. Raises NotRun."""

    def __init__(self) -> None:
        try:
            self._client = connect_with_quack()
            self._server = Process("tests.benches.kit.quack_server")
        except (StartupError, RuntimeError) as error:
            raise NotRun(error) from None
        address, token = json.loads(self._server.ready)
        self._client.execute(f"ATTACH '{address}' AS remote (TYPE quack, TOKEN '{token}')")

    def query(self, text: str) -> pa.Table:
        self._client.execute("FROM quack_query_by_name('remote', ?)", [text])
        table: pa.Table = self._client.to_arrow_table()
        return table

    def close(self) -> None:
        self._client.close()
        self._server.stop()
