"""Which views a change of a table breaks, found by having DuckDB bind each before and after it."""

from catalog_sql import named_queries
from server.engine.commits import read_on
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.engine.location import LAKE
from server.errors import SqlError
from server.gate.rules import RESERVED_PREFIX
from server.sql.quoting import qualified

SQL = named_queries("queries/evolution.sql")
VIEWS_MAX = 500  # binding one takes milliseconds, while the table is held


def binding_views(cursor: LakeCursor, table: str) -> list[tuple[str, str]]:
    """(schema, view) of the views that may read the table, directly or through each other, and can be read now. table:
    its bare name. What is looked for is the name anywhere in a view's text, so that none is missed."""
    texts = {(str(schema), str(name)): str(text).lower() for schema, name, text in cursor.rows(SQL["view_texts"])}
    found: list[tuple[str, str]] = []
    names = [table.lower()]
    while names:
        name = names.pop()
        for view, text in texts.items():
            if view not in found and name in text and not view[1].startswith(RESERVED_PREFIX):
                found.append(view)
                names.append(view[1].lower())
    return [view for view in found[:VIEWS_MAX] if _binds(cursor, view)]


def broken_views(cursor: LakeCursor, before: list[tuple[str, str]]) -> list[str]:
    """Those of them that can't be read any more, as datasets are called."""
    broken = [view for view in before if not _binds(cursor, view)]
    return [name if schema == "main" else f"{schema}.{name}" for schema, name in broken]


def views_broken_by(engine: Engine, table: str, statements: list[str]) -> list[str]:
    """Those that bind no more once the statements are run: they are tried and rolled back. table: its bare name."""
    if not statements:
        return []

    def look(cursor: LakeCursor) -> list[str]:
        before = binding_views(cursor, table)
        for statement in statements if before else ():
            cursor.execute(statement)
        return broken_views(cursor, before)

    cursor = engine.cursor(SERVER)
    try:
        return read_on(cursor, look)
    finally:
        cursor.close()


def _binds(cursor: LakeCursor, view: tuple[str, str]) -> bool:
    try:
        cursor.rows(f"DESCRIBE {qualified(LAKE, *view)}")
    except SqlError:
        return False
    return True
