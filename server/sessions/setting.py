"""SET and USE: what a statement may change of its own session."""

import pyarrow as pa

from catalog_sql import named_queries
from server.engine.location import LAKE
from server.errors import InvalidArgument, PermissionDenied
from server.gate.rules import check_schema
from server.sessions.cursors import SessionCursors
from server.sql.statements import Statement

SETTABLE = "search_path, schema, TimeZone"
SQL = named_queries("queries/listing.sql")


def apply_setting(cursors: SessionCursors, statement: Statement) -> pa.Table:
    """Apply SET name = value or USE name; an empty table. Raises PermissionDenied for any other setting."""
    words = [token.text for token in statement.tokens]
    upper = [token.word for token in statement.tokens]
    if len(upper) > 1 and upper[1] in ("SESSION", "LOCAL"):
        del words[1], upper[1]
    operator = words[2] if len(words) > 2 else ""
    match upper[:2], len(words):
        case ["USE", _], 2 | 4:
            use_schema(cursors, words[1::2])
        case ["SET", "SEARCH_PATH" | "SCHEMA"], 4 if operator.upper() in ("=", "TO"):
            use_schema(cursors, _path(words[3]))
        case ["SET", "TIMEZONE"], 4 if operator.upper() in ("=", "TO"):
            cursors.set_time_zone(words[3])
        case ["SET", "TIME"], 4 if operator.upper() == "ZONE":
            cursors.set_time_zone(words[3])
        case _:
            raise PermissionDenied(f"a session may set: {SETTABLE}")
    return pa.table({})


def use_schema(cursors: SessionCursors, names: list[str]) -> None:
    """['lakehouse'], ['lakehouse', 'main'] or ['main']. Raises InvalidArgument for a place that is not there."""
    if len(names) > 2 or (len(names) == 2 and names[0].lower() != LAKE):
        raise InvalidArgument(f"schemas are in catalog {LAKE}: SET schema = 'main'")
    wanted = "main" if [name.lower() for name in names] == [LAKE] else names[-1]
    check_schema(wanted)
    cursor = cursors.take()
    try:
        found = [str(row[0]) for row in cursor.rows(SQL["schemas"])]
    finally:
        cursors.release(cursor)
    schema = next((name for name in found if name.lower() == wanted.lower()), None)
    if schema is None:
        raise InvalidArgument(f"there is no schema {wanted!r}: there are {', '.join(found)}")
    cursors.use(schema)


def _path(value: str) -> list[str]:
    """The parts of the first place in a search path such as 'lakehouse.main,memory.main'."""
    return [name.strip().strip('"') for name in value.split(",")[0].split(".")]
