"""The filters of the metadata commands: an exact catalog or table name, or a LIKE pattern.

Both ignore the case of ASCII letters, as DuckDB's identifiers do: no two names differ only in that.
"""

import string
from collections.abc import Callable

Predicate = Callable[[str | None], bool]

ESCAPE = "\\"  # announced as SQL_SEARCH_STRING_ESCAPE
_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
_ANY = object()  # % in a compiled pattern
_ONE = object()  # _ in a compiled pattern


def exact(name: str | None) -> Predicate:
    """Return a test for one name. None accepts all names; an empty one accepts only what has no name (None or '')."""
    if name is None:
        return _everything
    wanted = _lower(name)
    return lambda value: _lower(value) == wanted


def like(pattern: str | None) -> Predicate:
    r"""Return a test for a LIKE pattern: `%` any run, `_` any one character, `\` makes the next character literal.

    None accepts all names, None among them; a pattern sees a missing name as ''. A trailing `\` is literal.
    Takes at most len(value) squared steps, whatever the pattern: a pattern of more characters than a name fits none.
    """
    if pattern is None:
        return _everything
    tokens = _compile(_lower(pattern))
    if _ANY not in tokens and _ONE not in tokens:
        return exact("".join(str(token) for token in tokens))
    least = sum(token is not _ANY for token in tokens)
    return lambda value: least <= len(value or "") and _matches(tokens, _lower(value))


def _lower(value: str | None) -> str:
    return (value or "").translate(_LOWER)


def _everything(_value: str | None) -> bool:
    return True


def _compile(pattern: str) -> list[object]:
    tokens: list[object] = []
    characters = iter(pattern)
    for character in characters:
        if character == ESCAPE:
            tokens.append(next(characters, ESCAPE))
        elif character == "%":
            if not tokens or tokens[-1] is not _ANY:
                tokens.append(_ANY)
        else:
            tokens.append(_ONE if character == "_" else character)
    return tokens


def _matches(tokens: list[object], value: str) -> bool:
    """Walk both; after a mismatch let the latest % swallow one character more. Earlier ones never need to change."""
    token = at = 0
    latest, resume = -1, 0
    while at < len(value):
        if token < len(tokens) and tokens[token] is _ANY:
            latest, resume = token, at
            token += 1
        elif token < len(tokens) and (tokens[token] is _ONE or tokens[token] == value[at]):
            token += 1
            at += 1
        elif latest >= 0:
            resume += 1
            token, at = latest + 1, resume
        else:
            return False
    return all(left is _ANY for left in tokens[token:])
