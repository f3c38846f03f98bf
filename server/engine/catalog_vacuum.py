"""The catalog on Postgres, its tables written anew: until then Postgres keeps deleted and replaced rows in their files.

Postgres keeps values of the tables also as statistics of columns, which ANALYZE replaces.
"""

from typing import Any, NamedTuple

import psycopg
from psycopg.errors import Diagnostic

from catalog_sql import named_queries
from server.engine.location import LakeLocation
from server.sql.quoting import identifier

SQL = named_queries("queries/erasing.sql")
CONNECT_S = 10
LOCK_WAIT = "10s"  # for other servers' transactions
STATISTICS = "pg_catalog.pg_statistic"
WARNING = "WARNING"


class Vacuumed(NamedTuple):
    """tables: DuckLake's. left: what is as it was, and why."""

    tables: list[str]
    left: list[str]


def vacuum_catalog(location: LakeLocation) -> Vacuumed:
    """Write all tables and the statistics of their columns anew, as far as Postgres lets its user."""
    done = Vacuumed([], [])
    try:
        with psycopg.connect(
            location.catalog.removeprefix("postgres:"),
            autocommit=True,
            password=location.postgres_password or None,
            connect_timeout=CONNECT_S,
        ) as connection:
            connection.execute(f"SET lock_timeout = '{LOCK_WAIT}'".encode())
            done.tables.extend(str(name) for (name,) in connection.execute(SQL["postgres_tables"].encode()).fetchall())
            for name in done.tables:
                done.left.extend(_vacuum(connection, identifier(name), "FULL, ANALYZE"))
            done.left.extend(_vacuum(connection, STATISTICS, "FULL"))
    except psycopg.Error as error:  # its message may repeat the address
        done.left.append(f"vacuuming ended early: {type(error).__name__}")
    return done


def _vacuum(connection: "psycopg.Connection[Any]", table: str, how: str) -> list[str]:
    warned: list[str] = []

    def told(notice: Diagnostic) -> None:
        if notice.severity_nonlocalized == WARNING:  # all that Postgres says of a table that the user may not vacuum
            warned.append(f"{table} may not be vacuumed")

    connection.add_notice_handler(told)
    try:
        connection.execute(f"VACUUM ({how}) {table}".encode())
    finally:
        connection.remove_notice_handler(told)
    return warned[:1]
