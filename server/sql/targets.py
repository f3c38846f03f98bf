"""Which table a statement writes, for the lock that keeps writers of one table apart."""

import sqlglot
from sqlglot import expressions
from sqlglot.errors import SqlglotError

from server.sql.statements import Statement

EXCLUSIVE = frozenset({"UPDATE", "DELETE", "MERGE_INTO", "ALTER"})


def write_target(statement: Statement, schema: str) -> str | None:
    """`schema.table` for statements that conflict with other writers of their table; None where they don't, or where
    the table can't be told (a conflict is then retried)."""
    if statement.type_name not in EXCLUSIVE:
        return None
    try:
        table = sqlglot.parse_one(statement.text, dialect="duckdb").find(expressions.Table)
    except SqlglotError:
        return None
    return f"{table.db or schema}.{table.name}".lower() if table is not None else None


def creates_temporary(statement: Statement) -> bool:
    words = [token.text.upper() for token in statement.tokens[:4]]
    return statement.type_name == "CREATE" and ("TEMP" in words or "TEMPORARY" in words)
