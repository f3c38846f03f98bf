"""Check a statement that DuckDB's tree does not cover (DML, DDL, COPY, EXPLAIN, PIVOT) on its tokens.

Coarser than the check of queries and stricter for it: a name that could reach a closed place is refused wherever it
stands, and a file name must be a plain string in an allowed folder.
"""

from pathlib import Path

from server.errors import PermissionDenied
from server.gate import rules
from server.gate.queries import looks_like_file
from server.sql.statements import Statement
from server.sql.tokens import Token

ALLOWED_TYPES = frozenset(
    {"INSERT", "UPDATE", "DELETE", "MERGE_INTO", "CREATE", "DROP", "ALTER", "COPY", "EXPLAIN", "PIVOT"}
)
TARGET_WORDS = frozenset(
    {"INTO", "UPDATE", "TABLE", "VIEW", "FROM", "TRUNCATE", "ON", "SCHEMA", "COPY", "COLUMN", "EXISTS"}
)
WRITING_TYPES = ALLOWED_TYPES - {"EXPLAIN", "PIVOT"}
REFUSED_WORDS = {
    "SECRET": "secrets come from the server's settings",
    "INDEX": "DuckLake has no indexes",
}


class ChangeCheck:
    def __init__(self, builtin_table_functions: frozenset[str], folders: tuple[Path, ...]) -> None:
        self._builtin = builtin_table_functions
        self._folders = folders

    def check(self, statement: Statement, schema: str) -> None:
        """schema: the session's, which unqualified names mean. Raises PermissionDenied."""
        if statement.type_name not in ALLOWED_TYPES:
            raise PermissionDenied(f"statements of type {statement.type_name} are closed")
        tokens = statement.tokens
        if statement.type_name == "CREATE":
            self._created(tokens)
        writes = statement.type_name in WRITING_TYPES
        if writes and schema in rules.READ_ONLY_SCHEMAS and not _is_qualified_target(tokens):
            raise PermissionDenied("schema catalog is written by operations only: see catalog.actions")
        for position, token in enumerate(tokens):
            self._token(tokens, position, token, writes)

    def _created(self, tokens: tuple[Token, ...]) -> None:
        words = [t.text.upper() for t in tokens[:5] if t.kind != "STRING"]
        for word, reason in REFUSED_WORDS.items():
            if word in words:
                raise PermissionDenied(f"CREATE {word} is closed: {reason}")

    def _token(self, tokens: tuple[Token, ...], position: int, token: Token, writes: bool) -> None:
        following = tokens[position + 1].kind if position + 1 < len(tokens) else ""
        if token.kind == "STRING":
            self._string(tokens, position, token)
        elif token.is_name and following == "L_PAREN":
            self._call(tokens, position, token)
        elif token.is_name:
            self._name(tokens, position, token, following, writes)

    def _name(self, tokens: tuple[Token, ...], position: int, token: Token, following: str, writes: bool) -> None:
        if looks_like_file(token.text) and token.kind == "IDENTIFIER":
            raise PermissionDenied(f"{token.text!r} looks like a file: name a reader such as read_csv")
        if following == "DOT":
            target = writes and _before(tokens, position) in TARGET_WORDS
            rules.check_table("", token.text, tokens[position + 2].text if position + 2 < len(tokens) else "", target)
        elif _before(tokens, position) in TARGET_WORDS:
            rules.check_table("", token.text if _names_schema(tokens) else "", token.text, writes)

    def _call(self, tokens: tuple[Token, ...], position: int, token: Token) -> None:
        name = token.text.lower()
        rules.check_function(name)
        if name in rules.FILE_FUNCTIONS:
            first = tokens[position + 2] if position + 2 < len(tokens) else None
            if first is None or first.kind not in ("STRING", "L_BRACKET"):
                raise PermissionDenied(f"{name} takes file names as plain strings")
        elif name in self._builtin and name not in rules.TABLE_FUNCTIONS:
            raise PermissionDenied(f"table function {name} is closed")

    def _string(self, tokens: tuple[Token, ...], position: int, token: Token) -> None:
        """A string where a file name may stand must be a path in an allowed folder."""
        before = _before(tokens, position)
        inside_reader = any(t.text.lower() in rules.FILE_FUNCTIONS for t in tokens[max(0, position - 8) : position])
        if before in ("TO", "FROM", "JOIN") or (inside_reader and before in ("(", "[", ",")):
            rules.check_path(token.text, self._folders)


def _before(tokens: tuple[Token, ...], position: int) -> str:
    """The word before a name, names of its qualifiers skipped."""
    position -= 1
    while position >= 1 and tokens[position].kind == "DOT":
        position -= 2
    return tokens[position].text.upper() if position >= 0 else ""


def _names_schema(tokens: tuple[Token, ...]) -> bool:
    return any(t.text.upper() == "SCHEMA" for t in tokens[:4])


def _is_qualified_target(tokens: tuple[Token, ...]) -> bool:
    return any(t.kind == "DOT" for t in tokens[:8])
