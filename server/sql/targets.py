"""Which objects a statement writes, read off its tokens: for the gate, and for the lock that keeps writers of one table
apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server.sql.quoting import identifier, qualified
from server.sql.statements import Statement
from server.sql.tokens import Token

OBJECTS = frozenset({"TABLE", "VIEW", "SCHEMA", "MACRO", "FUNCTION", "TYPE", "SEQUENCE"})
WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE_INTO", "ALTER"})
_OPENING = OBJECTS | {"INTO", "UPDATE", "TRUNCATE", "COPY", "COLUMN"}
_SKIPPED = frozenset({"IF", "NOT", "EXISTS", "ONLY", "TABLE"})
_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})


@dataclass(frozen=True)
class Target:
    """word: what the name stands after, such as TABLE, INTO or, for DELETE, FROM. names: its parts, outermost first.
    positions: of those parts among the tokens."""

    word: str
    names: tuple[str, ...]
    positions: range


class MadeTable(NamedTuple):
    """may_exist: the statement leaves a table alone that is there."""

    schema: str
    table: str
    may_exist: bool


def targets(tokens: Sequence[Token]) -> Iterator[Target]:
    """Every name that stands where a statement names what it writes; more than it writes, where words are ambiguous."""
    for position, token in enumerate(tokens):
        word = token.word
        if word in _OPENING or (word == "FROM" and position and tokens[position - 1].word == "DELETE"):
            start = position + 1
            while start < len(tokens) and tokens[start].word in _SKIPPED:
                start += 1
            names, positions = dotted_name(tokens, start)
            if names:
                yield Target(word, names, positions)


def dotted_name(tokens: Sequence[Token], start: int) -> tuple[tuple[str, ...], range]:
    """The parts of the name that starts there, none if no name does, and their positions, dots included. DuckDB takes a
    string for the name of a table."""
    names: list[str] = []
    position = start
    while position < len(tokens) and (tokens[position].is_name or (position == start and _is_string(tokens[position]))):
        names.append(tokens[position].text)
        position += 1
        if position >= len(tokens) or tokens[position].text != ".":
            break
        position += 1
    return tuple(names), range(start, position)


def write_target(statement: Statement, schema: str) -> str | None:
    """`schema.table` for statements that write rows of a table or change it; None for others."""
    if statement.type_name not in WRITING:
        return None
    target = next(targets(statement.tokens), None)
    if target is None:
        return None
    names = target.names[:-1] if target.word == "COLUMN" else target.names
    return ".".join([schema, *names][-2:]).lower() if names else None


def creates_temporary(statement: Statement) -> bool:
    """CREATE [OR REPLACE] TEMP …, or a name in catalog temp."""
    if statement.type_name != "CREATE":
        return False
    target = next(targets(statement.tokens), None)
    in_temp = target is not None and len(target.names) > 1 and target.names[0].lower() == "temp"
    return in_temp or says_temporary(statement.tokens)


def made_with_rows(statement: Statement, schema: str) -> MadeTable | None:
    """The table of a CREATE TABLE … AS; None for other statements and temporary tables."""
    words = [token.word for token in statement.tokens]
    target = next(targets(statement.tokens), None)
    if statement.type_name != "CREATE" or target is None or target.word != "TABLE" or creates_temporary(statement):
        return None
    depth = 0
    for token in statement.tokens[target.positions.stop :]:
        if token.kind == "operator":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif token.word == "AS" and not depth:
            place, table = [schema, *target.names][-2:]
            return MadeTable(place, table, "EXISTS" in words[: target.positions.start])
    return None


def says_temporary(tokens: Sequence[Token]) -> bool:
    """Whether TEMP stands where CREATE has it; elsewhere it is a name."""
    words = [token.word for token in tokens[:4]]
    kind = words[3:] if words[1:3] == ["OR", "REPLACE"] else words[1:2]
    return words[:1] == ["CREATE"] and bool(_TEMPORARY.intersection(kind))


def commented_column(statement: Statement) -> str | None:
    """For COMMENT ON COLUMN, a query that fails to bind if the column is not there."""
    target = next(targets(statement.tokens), None)
    if statement.tokens[0].word != "COMMENT" or target is None or target.word != "COLUMN" or len(target.names) < 2:
        return None
    return f"SELECT {identifier(target.names[-1])} FROM {qualified(*target.names[:-1])} LIMIT 0"


def _is_string(token: Token) -> bool:
    return token.kind == "string"
