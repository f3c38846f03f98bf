"""Turns: of the servers on one lake, one does a thing at a time.

A lake in a file has one server. Servers that share a lake share its catalog on Postgres, which has locks that end with
the connection that holds them: so those of a server that was killed, or cut off, are free again.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from server.engine.location import LakeLocation
from server.errors import Unavailable

# Postgres asks a server that is silent for a minute whether it is there, and lets it go after another half.
PROBED = (
    "SELECT set_config('tcp_keepalives_idle', '60', false), set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)
CONNECT_S_MAX = 10


class Turns:
    def __init__(self, location: LakeLocation) -> None:
        self._location = location

    @property
    def are_shared(self) -> bool:
        """Whether there may be other servers."""
        return self._location.on_postgres

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Have the turn of this name for the length of the block, or be told that another server has it.

        Within a server, the caller sees to it that a name is asked for once at a time. Raises Unavailable.
        """
        if not self.are_shared:
            yield True
            return
        connection = self._connection()
        try:
            yield self._taken(connection, name)
        finally:
            connection.close()

    def _connection(self) -> psycopg.Connection[tuple[bool, ...]]:
        address = self._location.catalog.removeprefix("postgres:")
        password = self._location.postgres_password or None
        try:
            return psycopg.connect(address, password=password, autocommit=True, connect_timeout=CONNECT_S_MAX)
        except psycopg.Error:  # its message tells where the catalog is
            raise Unavailable("the lake's catalog can't be reached: try again") from None

    def _taken(self, connection: psycopg.Connection[tuple[bool, ...]], name: str) -> bool:
        number = int.from_bytes(hashlib.sha256(f"lakehouse {name}".encode()).digest()[:8], signed=True)
        try:
            connection.execute(PROBED)
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
        except psycopg.Error:
            raise Unavailable("the lake's catalog can't be reached: try again") from None
        return row is not None and row[0]
