"""INSERT INTO … VALUES, read off its tokens: what lets its rows be computed apart from the table they go to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.sql.quoting import identifier
from server.sql.statements import Statement
from server.sql.targets import dotted_name
from server.sql.tokens import Token

# With one of these the rows depend on more than the values in the text, or the insert gives more than a count.
_NOT_PLAIN = frozenset("SELECT FROM ON RETURNING WITH DEFAULT TABLE".split())


@dataclass(frozen=True)
class ValuesInsert:
    """names: of the target, outermost first. columns: that are named, none for all. row: the parameters of its only
    row, in order, if that row holds nothing else. functions: names that may be functions, words: all names in the rows;
    both in lower case."""

    text: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    row: tuple[str, ...] | None
    functions: frozenset[str]
    words: frozenset[str]
    target_start: int
    target_end: int

    @property
    def target(self) -> str:
        """As it is written."""
        return self.text[self.target_start : self.target_end]

    def into(self, target: str) -> str:
        """The same statement with another target, given as SQL text."""
        return f"{self.text[: self.target_start]}{target} {self.text[self.target_end :]}"


def insert_rows(target: str, columns: Sequence[str], view: str, width: int) -> str:
    """The insert of many rows at once. target: SQL text. columns: that are filled, in order, none for all. view: holds
    a column p0, p1, … for each of the `width` values of a row."""
    named = f" ({', '.join(map(identifier, columns))})" if columns else ""
    values = ", ".join(f"p{number}" for number in range(width))
    return f"INSERT INTO {target}{named} SELECT {values} FROM {view}"


def values_insert(statement: Statement) -> ValuesInsert | None:
    """None for any other statement, and for an INSERT whose rows come from a query or take defaults."""
    tokens = statement.tokens
    if statement.type_name != "INSERT" or [t.word for t in tokens[:2]] != ["INSERT", "INTO"]:
        return None
    if any(token.word in _NOT_PLAIN or token.kind == "unread" for token in tokens):
        return None
    names, positions = dotted_name(tokens, 2)
    after = positions.stop
    columns = _column_list(tokens, after) if after < len(tokens) and tokens[after].text == "(" else ()
    values = after + (2 * len(columns) + 1 if columns else 0)
    if not names or columns is None or values >= len(tokens) or tokens[values].word != "VALUES":
        return None
    if not all(tokens[position].is_name for position in positions if tokens[position].text != "."):
        return None
    return ValuesInsert(
        statement.text,
        names,
        columns,
        _parameter_row(statement, tokens[values + 1 :]),
        _called(tokens[values + 1 :]),
        frozenset(token.text.lower() for token in tokens[values + 1 :] if token.is_name),
        tokens[2].start,
        tokens[after].start,
    )


def _column_list(tokens: Sequence[Token], start: int) -> tuple[str, ...] | None:
    """The names in the parentheses that open at start; None for anything but names and commas."""
    columns: list[str] = []
    for position in range(start + 1, len(tokens), 2):
        if position + 1 >= len(tokens) or not tokens[position].is_name:
            return None
        columns.append(tokens[position].text)
        if tokens[position + 1].text == ")":
            return tuple(columns)
        if tokens[position + 1].text != ",":
            return None
    return None


def _parameter_row(statement: Statement, tokens: Sequence[Token]) -> tuple[str, ...] | None:
    """('1', '2') for (?, ?), or for ($1, $2)."""
    texts = [token.text for token in tokens]
    if len(texts) < 3 or texts[0] != "(" or texts[-1] != ")" or any(text != "," for text in texts[2:-1:2]):
        return None
    marks = texts[1:-1:2]
    if all(mark == "?" for mark in marks):
        return statement.parameters if len(marks) == len(statement.parameters) else None
    numbers = tuple(mark.removeprefix("$") for mark in marks)
    return numbers if all(number in statement.parameters for number in numbers) else None


def _called(tokens: Sequence[Token]) -> frozenset[str]:
    return frozenset(name.text.lower() for name, after in pairwise(tokens) if name.is_name and after.text == "(")
