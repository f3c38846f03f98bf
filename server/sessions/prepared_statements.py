"""The prepared statements of one session, by handle: bounded in number."""

import secrets
from dataclasses import dataclass

import pyarrow as pa

from server.errors import LimitExceeded, NotFound
from server.sessions.describing import Described
from server.sql.statements import Statement


@dataclass
class Prepared:
    """A prepared statement. `bound` holds a row per execution, a column per parameter; `name` is that of its runs."""

    statement: Statement
    described: Described
    transaction_id: bytes
    name: str
    bound: pa.Table | None = None


class PreparedStatements:
    def __init__(self, most: int) -> None:
        self._most = most
        self._by_handle: dict[bytes, Prepared] = {}

    def __len__(self) -> int:
        return len(self._by_handle)

    def check_room(self) -> None:
        """Raises LimitExceeded."""
        if len(self._by_handle) >= self._most:
            raise LimitExceeded("prepared_max", f"the session holds {len(self._by_handle)} prepared statements")

    def add(self, prepared: Prepared) -> bytes:
        """Its handle."""
        handle = secrets.token_bytes(16)
        self._by_handle[handle] = prepared
        return handle

    def find(self, handle: bytes) -> Prepared:
        if (prepared := self._by_handle.get(handle)) is None:
            raise NotFound("there is no such prepared statement in this session: it was closed, or is another's")
        return prepared

    def close(self, handle: bytes) -> None:
        self.find(handle)
        self._by_handle.pop(handle, None)

    def clear(self) -> None:
        self._by_handle.clear()
