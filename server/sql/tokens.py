"""Tokens of a statement, by sqlglot's DuckDB tokenizer: for what DuckDB's tree does not show."""

from dataclasses import dataclass

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import TokenError

from server.errors import SqlError


@dataclass(frozen=True)
class Token:
    """kind: sqlglot's name such as VAR, IDENTIFIER, STRING, DOT. start: offset in the text."""

    kind: str
    text: str
    start: int

    @property
    def is_name(self) -> bool:
        return self.kind == "IDENTIFIER" or (self.kind != "STRING" and self.text[:1].isidentifier())


def tokenize(sql: str) -> list[Token]:
    """All tokens. Raises SqlError on an unterminated string or comment."""
    try:
        found = DuckDB().tokenize(sql)
    except TokenError as error:
        raise SqlError(f"Parser Error: {error}") from None
    tokens = [Token(t.token_type.name, t.text, t.start) for t in found]
    if tokens and tokens[0].kind == "COMMAND":
        # sqlglot gives the rest of such a statement as one raw string: look inside it.
        after = tokens[0].start + len(tokens[0].text)
        tokens[1:] = [Token(t.kind, t.text, t.start + after) for t in tokenize(sql[after:])]
    return tokens
