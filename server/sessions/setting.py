"""SET and USE: what a statement may change of its own session."""

import pyarrow as pa

from server.engine.location import LAKE
from server.errors import InvalidArgument, PermissionDenied
from server.sessions.cursors import SessionCursors
from server.sql.statements import Statement

SETTABLE = "search_path, schema, TimeZone"
CLOSED_SCHEMAS = ("vectors", "deleted")


def apply_setting(cursors: SessionCursors, statement: Statement) -> pa.Table:
    """Apply SET name = value or USE name; an empty table. Raises PermissionDenied for any other setting."""
    words = [t.text for t in statement.tokens if t.kind not in ("SEMICOLON",)]
    upper = [w.upper() for w in words]
    if upper[0] == "USE":
        use_schema(cursors, [w for w in words[1:] if w != "."])
        return pa.table({})
    if upper[0] != "SET":
        raise PermissionDenied(f"a session may set: {SETTABLE}")
    if len(upper) > 1 and upper[1] in ("SESSION", "LOCAL"):
        del words[1], upper[1]
    match upper[1:]:
        case ["SEARCH_PATH" | "SCHEMA", "=" | "TO", _]:
            use_schema(cursors, words[3].strip('"').split(",")[0].split("."))
        case ["TIMEZONE", "=" | "TO", _] | ["TIME", "ZONE", _]:
            cursors.set_time_zone(words[-1])
        case _:
            raise PermissionDenied(f"a session may set: {SETTABLE}")
    return pa.table({})


def use_schema(cursors: SessionCursors, names: list[str]) -> None:
    """['lakehouse'], ['lakehouse', 'main'] or ['main']. Raises InvalidArgument for a place that is not there."""
    names = [n.strip('" ') for n in names]
    if names == [LAKE]:
        names = [LAKE, "main"]
    schema = names[-1]
    if len(names) > 2 or (len(names) == 2 and names[0] != LAKE):
        raise InvalidArgument(f"schemas are in catalog {LAKE}: SET schema = 'main'")
    if schema in CLOSED_SCHEMAS:
        raise PermissionDenied(f"schema {schema} is reached through functions and operations only")
    cursors.use(schema)
