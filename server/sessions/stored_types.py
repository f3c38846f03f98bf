"""Types that the lake can't write: DuckDB's Parquet writer ends the whole database over them, so they are refused."""

import contextlib

from server.engine.cursor import LakeCursor
from server.errors import SqlError, Unsupported
from server.sql.statements import Statement
from server.sql.targets import creates_temporary

TIME_NS = "TIME_NS"
REFUSED = "the lake has no TIME_NS: cast it to TIME, which has microseconds"


def check_stored_types(cursor: LakeCursor, statement: Statement) -> None:
    """Raises Unsupported for a table of the lake, or a Parquet file, with a column of such a type."""
    kind = statement.type_name
    if kind not in ("CREATE", "ALTER", "COPY") or creates_temporary(statement):
        return
    words = [token.word for token in statement.tokens]
    if kind == "COPY" and not any("PARQUET" in token.text.upper() for token in statement.tokens):
        return
    if kind != "COPY" and (words[1:2] == ["VIEW"] or "VIEW" in words[:5] or "MACRO" in words[:5]):
        return
    if TIME_NS in words:
        raise Unsupported(REFUSED)
    if (query := _query(statement)) is None:
        return
    types: list[str] = []
    with contextlib.suppress(SqlError):  # the statement itself has the error in the caller's own words
        types = [str(row[1]) for row in cursor.rows(f"DESCRIBE {query}")]
    if any(TIME_NS in found for found in types):
        raise Unsupported(REFUSED)


def _query(statement: Statement) -> str | None:
    """The text of the query of CREATE TABLE … AS, or of COPY (…) TO; for COPY t TO one that reads it."""
    depth = 0
    for position, token in enumerate(statement.tokens):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "operator" else 0
        if statement.type_name == "CREATE" and token.word == "AS" and depth == 0:
            return (
                statement.text[statement.tokens[position + 1].start :] if position + 1 < len(statement.tokens) else None
            )
        if statement.type_name == "COPY" and token.word == "TO" and depth == 0:
            text = statement.text[statement.tokens[1].start : token.start].strip()
            return text if text.startswith("(") else f"FROM {text}"
    return None
