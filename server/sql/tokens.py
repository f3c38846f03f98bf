"""Tokens of a statement by DuckDB's own scanner: for what DuckDB's tree does not show.

The scanner gives where each token starts and says nothing where it gives up. What lies between a token's end and the
next start must be space or a comment, and the scanner must have reached the end; anything else becomes a token of kind
"unread", so that nothing in a text goes unseen.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import duckdb

TokenKind: TypeAlias = Literal["name", "quoted", "string", "number", "operator", "unread"]

_END = "\n;"  # the scanner has reached the end if it saw this
_OPERATOR_CHARACTERS = frozenset("+-*/<>=~!@#%^&|`?$:.,;()[]{}\\")


@dataclass(frozen=True)
class Token:
    """name: a keyword or an unquoted name. text: quotes taken off where `plain`, otherwise as it was written.
    plain: False for strings with escapes, dollar quotes or several parts. start: offset in the text, in characters."""

    kind: TokenKind
    text: str
    start: int
    plain: bool = True

    @property
    def word(self) -> str:
        """The keyword in capitals; '' for what can't be one."""
        return self.text.upper() if self.kind == "name" else ""

    @property
    def is_name(self) -> bool:
        return self.kind in ("name", "quoted")


def tokenize(sql: str) -> list[Token]:
    """All tokens, comments left out. Never raises: DuckDB's parser tells what is wrong with a text."""
    raw = sql.encode()
    scanned = [(int(offset), str(kind.name)) for offset, kind in duckdb.tokenize(sql + _END)]
    finished = bool(scanned) and scanned[-1][0] == len(raw) + 1
    starts = scanned[:-1] if finished else scanned
    tokens: list[Token] = []
    position = len(raw[: starts[0][0]].decode(errors="replace")) if starts else 0
    ends = [start for start, _ in starts[1:]] + [len(raw)] if starts else []
    for (start, kind), end in zip(starts, ends, strict=True):
        piece = raw[start:end].decode(errors="replace")
        tokens += _tokens(kind, piece, position)
        position += len(piece)
    return tokens if finished else [*tokens, Token("unread", "", position)]


def _tokens(kind: str, piece: str, start: int) -> list[Token]:
    """The token that a piece opens with, and an unread one for what can't follow it. DuckDB's scanner counts the
    wider Unicode spaces as letters, its parser as spaces."""
    piece = piece.lstrip()
    if kind == "string_const":
        token, rest = _string(piece, start)
    elif piece.startswith('"'):
        text, rest = _quoted(piece, '"')
        token = Token("quoted", text, start)
    else:
        token, rest = _bare(kind, piece, start)
    found = [token] if token.text or token.kind != "name" else []
    return found if _is_blank(rest) else [*found, Token("unread", rest, start)]


def _string(piece: str, start: int) -> tuple[Token, str]:
    if piece.startswith("'"):
        text, rest = _quoted(piece, "'")
        if _is_blank(rest):
            return Token("string", text, start), ""
    return Token("string", piece, start, plain=False), ""


def _quoted(piece: str, quote: str) -> tuple[str, str]:
    """The text between quotes, doubled ones made single, and what follows."""
    position = 1
    while (position := piece.find(quote, position)) >= 0:
        if piece[position + 1 : position + 2] != quote:
            return piece[1:position].replace(quote * 2, quote), piece[position + 1 :]
        position += 2
    return piece, ""


def _bare(kind: str, piece: str, start: int) -> tuple[Token, str]:
    is_operator = piece[:1] in _OPERATOR_CHARACTERS and kind != "numeric_const"
    length = 0
    if piece.startswith("$"):  # $1 and $name are one token
        is_operator, kind, length = True, "parameter", 1
    while length < len(piece) and not _ends(piece, length, kind, is_operator):
        length += 1
    token_kind: TokenKind = "operator" if is_operator else "number" if kind == "numeric_const" else "name"
    return Token(token_kind, piece[:length], start), piece[length:]


def _ends(piece: str, position: int, kind: str, is_operator: bool) -> bool:
    character = piece[position]
    if character.isspace() or piece.startswith(("--", "/*"), position):
        return True
    if is_operator and kind != "parameter":
        return character not in _OPERATOR_CHARACTERS
    if kind == "numeric_const":
        return not (character.isalnum() or character in "._+-")
    return not (character.isalnum() or character in "_$" or character >= "\x80")


def _is_blank(text: str) -> bool:
    """Whether a text holds only space and comments; block comments nest."""
    depth, position = 0, 0
    while position < len(text):
        if depth == 0 and text.startswith("--", position):
            ends = [e for e in (text.find("\n", position), text.find("\r", position)) if e >= 0]
            position = min(ends, default=len(text))
        elif text.startswith("/*", position):
            depth, position = depth + 1, position + 2
        elif depth and text.startswith("*/", position):
            depth, position = depth - 1, position + 2
        elif depth or text[position].isspace():
            position += 1
        else:
            return False
    return True
