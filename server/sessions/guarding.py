"""Statements that write into a dataset with suppressed keys, run so that those keys are held back.

INSERT, COPY and CREATE TABLE AS are run against a temporary table, and what may pass is written from there. UPDATE and
MERGE are looked at afterwards, and refused if they gave a row a suppressed key.
"""

from dataclasses import dataclass

import pyarrow as pa

from server.engine.cursor import LakeCursor
from server.erasure.guard import Guard
from server.erasure.suppression import Suppressions
from server.errors import InvalidArgument, KeySuppressed, SqlError, Unsupported
from server.sessions.bulk import Bound, counted
from server.sql.statements import Statement, parse
from server.sql.targets import Target, says_temporary, targets
from server.sql.tokens import Token
from server.sql.tree import Parser

_WRITING = frozenset({"INSERT", "COPY", "CREATE", "UPDATE", "MERGE_INTO", "ALTER", "EXPLAIN"})
_AFTERWARDS = frozenset({"UPDATE", "MERGE_INTO"})


@dataclass(frozen=True)
class Guarded:
    """What a statement writes that has a guard, and where its text names it."""

    guard: Guard
    target: Target


class Guarding:
    def __init__(self, suppressions: Suppressions, parser: Parser) -> None:
        self._suppressions = suppressions
        self._parser = parser

    def version(self, table: str) -> int:
        """See `Suppressions.version`."""
        return self._suppressions.version(table)

    def guard(self, table: str) -> Guard | None:
        """The guard of `schema.table`; None if it has no suppressed keys."""
        return self._suppressions.guard(table)

    def check(self, statement: Statement, schema: str) -> None:
        """For what runs as it is. Raises InvalidArgument if it would write past a guard."""
        runs = statement.type_name == "EXPLAIN" and any(token.word == "ANALYZE" for token in statement.tokens[:4])
        if runs and self._find(statement, schema) is not None:
            raise InvalidArgument("EXPLAIN ANALYZE would write into a dataset with suppressed keys")

    def run(
        self, cursor: LakeCursor, statement: Statement, bound: Bound, schema: str, actor: str, alone: bool
    ) -> pa.Table:
        """As `counted`, with what is suppressed held back. schema: what unqualified names mean. alone: no client's
        transaction is open, so that an error takes everything back.

        Raises KeySuppressed, InvalidArgument for a change that would take the guard off its table, Unsupported for what
        can only be looked at afterwards inside a client's transaction.
        """
        guarded = self._find(statement, schema)
        if guarded is None:
            return counted(cursor, statement, bound)
        if statement.type_name in _AFTERWARDS:
            return self._looked_at(cursor, statement, bound, guarded.guard, alone)
        if statement.type_name == "ALTER":
            _check_alter(statement, guarded)
            return counted(cursor, statement, bound)
        return self._staged(cursor, statement, bound, guarded, actor)

    def _find(self, statement: Statement, schema: str) -> Guarded | None:
        if not self._suppressions.any() or statement.type_name not in _WRITING:
            return None
        if statement.type_name == "CREATE" and says_temporary(statement.tokens):
            return None
        for target in targets(statement.tokens):
            guard = self._suppressions.guard(".".join([schema, *target.names][-2:]))
            if guard is not None and target.names[0].lower() != "temp":
                return Guarded(guard, target)
        if statement.type_name == "ALTER":
            self._check_new_name(statement, schema)
        return None

    def _check_new_name(self, statement: Statement, schema: str) -> None:
        """A table must not get under a name with suppressed keys by ALTER TABLE … RENAME TO."""
        words = [token.word for token in statement.tokens]
        target = next(targets(statement.tokens), None)
        if target is None or words[target.positions.stop : target.positions.stop + 2] != ["RENAME", "TO"]:
            return
        name = statement.tokens[-1].text
        place = target.names[-2] if len(target.names) > 1 else schema
        if self._suppressions.guard(f"{place}.{name}") is not None:
            raise InvalidArgument(f"{name} has suppressed keys: load the rows into it instead, which holds those back")

    def _looked_at(self, cursor: LakeCursor, statement: Statement, bound: Bound, guard: Guard, alone: bool) -> pa.Table:
        named = any(token.is_name and token.text.lower() == guard.column.name.lower() for token in statement.tokens)
        if statement.type_name == "UPDATE" and not named:
            return counted(cursor, statement, bound)
        if not alone:
            raise Unsupported(f"{guard.dataset} has suppressed keys: run this statement outside a transaction")
        table = counted(cursor, statement, bound)
        if guard.holds_suppressed(cursor):
            raise KeySuppressed(f"the statement would give rows of {guard.dataset} a key that is suppressed")
        return table

    def _staged(self, cursor: LakeCursor, statement: Statement, bound: Bound, guarded: Guarded, actor: str) -> pa.Table:
        guard, tokens, text = guarded.guard, statement.tokens, statement.text
        names = guarded.target.positions
        opening, rest = text[: tokens[names.start].start], _from(statement, names.stop)
        if statement.type_name == "CREATE":
            position = _position(tokens, names.stop, "AS")
            if position is None or _stays(cursor, statement, guard):
                return counted(cursor, statement, bound)
            opening, into = "CREATE TEMP TABLE ", f"{text[: tokens[position].start]} AS"
        elif statement.type_name == "COPY" and _position(tokens, names.stop, "FROM") is None:
            return counted(cursor, statement, bound)
        else:
            into = f"INSERT INTO {guard.full} BY NAME"

        def make(staged: str) -> None:
            if statement.type_name != "CREATE":
                guard.make_like(cursor, staged)
            counted(cursor, parse(self._parser, f"{opening}{staged} {rest}"), bound)

        with guard.passing(cursor, actor, make) as source:
            return cursor.execute(f"{into} SELECT * FROM {source}").table()


def _from(statement: Statement, position: int) -> str:
    """The text from a token on."""
    return statement.text[statement.tokens[position].start :] if position < len(statement.tokens) else ""


def _position(tokens: tuple[Token, ...], start: int, word: str) -> int | None:
    """Where the word stands that may follow a name and its list of columns."""
    depth = 0
    for position in range(start, len(tokens)):
        token = tokens[position]
        if token.kind == "operator" and token.text in "()":
            depth += 1 if token.text == "(" else -1
        elif depth == 0:
            return position if token.word == word else None
    return None


def _stays(cursor: LakeCursor, statement: Statement, guard: Guard) -> bool:
    """Whether CREATE TABLE IF NOT EXISTS finds the table there."""
    if "EXISTS" not in [token.word for token in statement.tokens[:6]]:
        return False
    try:
        cursor.rows(f"DESCRIBE {guard.full}")
    except SqlError:
        return False
    return True


def _check_alter(statement: Statement, guarded: Guarded) -> None:
    """The guard knows its table and column by their names."""
    if statement.tokens[0].word == "COMMENT":
        return
    guard, following = guarded.guard, statement.tokens[guarded.target.positions.stop :]
    words = [token.word for token in following]
    if words[:2] == ["RENAME", "TO"]:
        raise InvalidArgument(f"{guard.dataset} has suppressed keys: it keeps its name")
    if words[:1] in (["RENAME"], ["DROP"], ["ALTER"]):
        named = next((token.text for token in following[1:4] if token.text.lower() == guard.column.name.lower()), None)
        if named is not None:
            raise InvalidArgument(f"{named} is the key of suppressed rows of {guard.dataset}: it stays as it is")
