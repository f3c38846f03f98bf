"""What a text is: one statement, of which kind, and when it may run. Decided by DuckDB's parser."""

from dataclasses import dataclass
from enum import Enum

from server.errors import InvalidArgument, SqlError
from server.sql.tokens import Token, tokenize
from server.sql.tree import Node, Parser, nodes

DML = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE_INTO"})


class Kind(Enum):
    QUERY = "query"  # a pure SELECT: planned as often as needed, run when its rows are fetched
    ROWS = "rows"  # gives rows but must run exactly once, at once: EXPLAIN, PIVOT, RETURNING
    UPDATE = "update"  # gives a count: DML, DDL, COPY
    SET = "set"  # changes the session
    TRANSACTION = "transaction"  # BEGIN, COMMIT, ROLLBACK
    CALL = "call"  # an operation of ours


@dataclass(frozen=True)
class Statement:
    """One statement. `type_name` is DuckDB's; `tree` is there where the JSON form has it."""

    text: str
    kind: Kind
    type_name: str
    tree: Node | None
    tokens: tuple[Token, ...]
    parameters: tuple[str, ...]

    @property
    def changes_schema(self) -> bool:
        return self.type_name in ("CREATE", "DROP", "ALTER", "CALL")


# Characters that a reader does not see but a parser may take for space or for part of a name.
INVISIBLE = frozenset(
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def parse(parser: Parser, text: str) -> Statement:
    """Return the one statement in the text. Raises SqlError with DuckDB's message, InvalidArgument for several."""
    _check_characters(text)
    tokens = tuple(tokenize(text))
    while tokens and tokens[-1].text == ";":
        tokens = tokens[:-1]
    if not tokens:
        raise SqlError("Parser Error: the statement is empty")
    if tokens[0].word == "CALL":
        tree = parser.serialize(f"SELECT * FROM {text[tokens[0].start + 4 :]}")
        if tree is None:
            parser.statements(text)  # raises with DuckDB's position
            raise SqlError("Parser Error: CALL takes a name and its arguments: CALL name(argument := value)")
        return Statement(text, Kind.CALL, "CALL", tree, tokens, _ordered(_parameters(tree), tokens))
    statements = parser.statements(text)
    if any(t.kind == "operator" and t.text == ";" for t in tokens):
        raise InvalidArgument("one statement at a time: the text holds several")
    type_name = _pivot_type(tokens) if len(statements) > 1 else statements[0].type.name
    tree = parser.serialize(text) if type_name == "SELECT" else None
    names = _parameters(tree) if tree else set(statements[-1].named_parameters)
    return Statement(text, _kind(type_name, tree, tokens), type_name, tree, tokens, _ordered(names, tokens))


def _check_characters(text: str) -> None:
    for position, character in enumerate(text):
        if (character < " " and character not in "\t\n\r\f") or character in INVISIBLE or character == "\x7f":
            raise InvalidArgument(f"the statement holds the invisible character U+{ord(character):04X} at {position}")


def _pivot_type(tokens: tuple[Token, ...]) -> str:
    """DuckDB makes several statements of one with PIVOT in it; the first word tells what they do together."""
    return tokens[0].word if tokens[0].word in ("CREATE", "INSERT") else "PIVOT"


def _kind(type_name: str, tree: Node | None, tokens: tuple[Token, ...]) -> Kind:
    if type_name == "SELECT" and tree is not None:
        return Kind.QUERY
    if type_name == "SET":
        return Kind.SET
    if type_name == "TRANSACTION":
        return Kind.TRANSACTION
    if type_name in DML:
        return Kind.ROWS if any(t.word == "RETURNING" for t in tokens) else Kind.UPDATE
    if type_name in ("CREATE", "DROP", "ALTER", "COPY"):
        return Kind.UPDATE
    return Kind.ROWS


def _parameters(tree: Node) -> set[str]:
    return {str(n["identifier"]) for n in nodes(tree) if n.get("class") == "PARAMETER"}


def _ordered(names: set[str], tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """Parameters in the order in which values are bound: by number, or by first appearance of the name."""
    first: dict[str, int] = {}
    for position, token in enumerate(tokens[1:]):
        if tokens[position].text == "$":
            first.setdefault(token.text.lower(), position)
    return tuple(sorted(names, key=lambda name: int(name) if name.isdigit() else first.get(name.lower(), 0)))
