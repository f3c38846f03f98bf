"""A small dataset of people, and tombstones in it over SQL."""

from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, lakehouse_error
from tests.harness import query

NAMES = ("ada", "ben", "cem", "dee", "eva")


def make_people(connection: dbapi.Connection, name: str) -> None:
    """Columns id, email, note; two rows of each of NAMES."""
    query(connection, f"CREATE TABLE {name} (id BIGINT, email VARCHAR, note VARCHAR DEFAULT 'none')")
    listed = ", ".join(f"({number}, '{who}@example.org', 'row {number}')" for number, who in enumerate(NAMES * 2))
    query(connection, f"INSERT INTO {name} VALUES {listed}")


def mail(who: str) -> str:
    return f"{who}@example.org"


def tombstone(connection: dbapi.Connection, name: str, *who: str, column: str = "email", **more: Any) -> dict[str, Any]:
    """The operation's row."""
    return call(connection, "tombstone", dataset=name, key_column=column, key_values=[mail(one) for one in who], **more)


def call(connection: dbapi.Connection, operation: str, **arguments: Any) -> dict[str, Any]:
    text = ", ".join(f"{name} := ?" for name in arguments)
    (row,) = query(connection, f"CALL {operation}({text})", tuple(arguments.values())).to_pylist()
    return dict(row)


def emails(connection: dbapi.Connection, name: str) -> list[str]:
    """Who is there, a name for each row."""
    rows = query(connection, f"SELECT email FROM {name} ORDER BY id").to_pylist()
    return [str(row["email"]).partition("@")[0] for row in rows]


def refused(connection: dbapi.Connection, text: str, values: Any = None) -> LakehouseError:
    with pytest.raises(dbapi.Error) as error:
        query(connection, text, values)
    return lakehouse_error(error.value)
