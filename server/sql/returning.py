"""A query that has the columns of a statement which gives rows without being a query: RETURNING and PIVOT.

JDBC prepares everything and takes an empty schema for an update, so a prepared `DELETE … RETURNING` must tell its
columns, and nothing may run yet. DuckDB binds a RETURNING list against the table that is written and nothing else,
which is what makes `SELECT list FROM table` describe it.
"""

from server.sql.quoting import identifier, qualified
from server.sql.statements import Kind, Statement
from server.sql.targets import Target, targets
from server.sql.tokens import Token, tokenize

_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE_INTO"})
_AFTER_TARGET = frozenset({"SET", "USING", "WHERE", "RETURNING"})
_ACTION = "merge_action"  # a column that DuckDB adds to what MERGE may return


def describing_query(statement: Statement) -> str | None:
    """A query with the same columns that changes nothing, or None where there is none.

    Describe it like any other query. That of a PIVOT is of kind ROWS again: it has to run, which reads the distinct
    values that become columns and gives no row.
    """
    if statement.kind is not Kind.ROWS:
        return None
    if statement.type_name in _CHANGES:
        return _returned(statement)
    if statement.type_name == "PIVOT" and not statement.parameters:
        return f"SELECT * FROM (\n{_without_end(statement)}\n) LIMIT 0"
    return None


def _returned(statement: Statement) -> str | None:
    tokens = statement.tokens
    start = _returning(tokens)
    target = next((t for t in targets(tokens) if t.positions and t.word in ("INTO", "UPDATE", "FROM")), None)
    if start is None or target is None or start + 1 >= len(tokens):
        return None
    written = qualified(*target.names)
    if (alias := _alias(tokens, target, statement.type_name)) is not None:
        written += f" AS {identifier(alias)}"
    chosen = _without_end(statement)[tokens[start + 1].start :]
    if statement.type_name == "MERGE_INTO":
        return (
            f"SELECT returned.* FROM (SELECT ''::VARCHAR AS {_ACTION}) action, "
            f"LATERAL (SELECT {chosen}\nFROM {written}) returned"
        )
    return f"SELECT {chosen}\nFROM {written}"


def _returning(tokens: tuple[Token, ...]) -> int | None:
    """Position of the keyword that begins the list: the last one outside parentheses."""
    depth, found = 0, None
    for position, token in enumerate(tokens):
        if token.kind == "operator":
            depth += sum(c in "([{" for c in token.text) - sum(c in ")]}" for c in token.text)
        elif depth == 0 and token.word == "RETURNING":
            found = position
    return found


def _alias(tokens: tuple[Token, ...], target: Target, type_name: str) -> str | None:
    """The name that the list may use for the table. INSERT has one that it may not use."""
    at = target.positions[-1] + 1
    if type_name == "INSERT" or at >= len(tokens):
        return None
    if tokens[at].word == "AS" and at + 1 < len(tokens):
        return tokens[at + 1].text
    token = tokens[at]
    return token.text if token.is_name and token.word not in _AFTER_TARGET else None


def _without_end(statement: Statement) -> str:
    """The text without the semicolons after it; a comment may still end in the middle of a line."""
    after = tokenize(statement.text)[len(statement.tokens) :]
    return statement.text[: after[0].start] if after else statement.text
