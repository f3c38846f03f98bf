"""The server's operations as Python calls: `DoAction` with JSON in and JSON rows out."""

import base64
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from adbc_driver_manager import dbapi
from pyarrow import flight

from clients.python.connection import DEFAULT_URI, connect
from clients.python.errors import DRIVER_ERRORS, LakehouseError, login_errors, plain_errors
from clients.python.jobs import JobProgress, watch_job
from clients.python.login import DEFAULT_USERNAME, Tls, choose

Rows = list[dict[str, Any]]
FileFormat = Literal["csv", "json", "ndjson", "parquet"]
IngestMode = Literal["create", "append", "replace", "create_append"]
# One gRPC message holds less than 2 GiB, and base64 adds a third.
INGEST_BYTES_MAX = 1 << 30


@dataclass(frozen=True)
class Operation:
    """An operation that the server lists."""

    name: str
    description: str


Listing = list[Operation]


class Operations:
    """A logged-in caller of operations; use it as a context manager. What the server refuses is a LakehouseError.

    The arguments are those of `connect`.
    """

    def __init__(
        self,
        uri: str = DEFAULT_URI,
        username: str = DEFAULT_USERNAME,
        password: str | None = None,
        *,
        token: str | None = None,
        tls: Tls | None = None,
    ) -> None:
        self._uri, self._login, self._tls = uri, choose(username, password, token), tls or Tls()
        self._sql: dbapi.Connection | None = None
        with login_errors(uri):
            self._client = flight.connect(uri, **self._tls.flight_options())
            bearer = self._login.bearer(self._client)
        self._options = flight.FlightCallOptions(headers=bearer)

    def call(self, name: str, /, **arguments: Any) -> Rows:
        """Run an operation and return its rows. Arguments are JSON values, named as the operation names them."""
        action = flight.Action(name, json.dumps(arguments).encode())
        with plain_errors():
            return [json.loads(result.body.to_pybytes()) for result in self._client.do_action(action, self._options)]

    def ingest_file(
        self, dataset: str, path: Path, *, file_format: FileFormat | None = None, mode: IngestMode | None = None
    ) -> Rows:
        """Send a local file's bytes into a dataset; the server infers the format from the name when none is given."""
        size = path.stat().st_size
        if size > INGEST_BYTES_MAX:
            message = f"{path.name} has {size:,} bytes, more than the {INGEST_BYTES_MAX:,} that one call can carry"
            raise LakehouseError(f"{message}: put it into the server's import folder", "limit_exceeded")
        choices = {"format": file_format, "mode": mode}
        return self.call(
            "ingest_file",
            dataset=dataset,
            file_name=path.name,
            content=base64.b64encode(path.read_bytes()).decode(),
            **{name: value for name, value in choices.items() if value is not None},
        )

    def watch(self, job_id: str, poll_s: float = 0.5) -> Iterator[JobProgress]:
        """Yield the job's progress until it has ended; see `watch_job`."""
        if self._sql is None:
            self._sql = connect(self._uri, self._login.name, self._login.secret or None, tls=self._tls)
        return watch_job(self._sql, job_id, poll_s)

    def list(self) -> Listing:
        """The operations that this caller may see."""
        with plain_errors():
            listed: Any = self._client.list_actions(self._options)
            return [Operation(kind.type, kind.description) for kind in listed]

    def close(self) -> None:
        """End the session on the server, which would hold it until it is idle for long, and the connection."""
        if self._sql is not None:
            self._sql.close()
        with contextlib.suppress(*DRIVER_ERRORS):
            list(self._client.do_action(flight.Action("CloseSession", b""), self._options))
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
