"""Where the tokens of a statement name what it reads: a table, or a file under the name of a table."""

from collections.abc import Iterator, Sequence

from server.sql.tokens import Token

_LISTS = frozenset({"FROM", "JOIN", "USING"})  # names may follow after commas
_SINGLE = frozenset(
    "PIVOT UNPIVOT PIVOT_WIDER PIVOT_LONGER DESCRIBE DESC SUMMARIZE SHOW TABLE INTO UPDATE LATERAL".split()
)
# All reserved: none can be an alias, after which the list would go on.
_ENDS = frozenset("""SELECT WHERE GROUP HAVING ORDER WINDOW QUALIFY LIMIT UNION INTERSECT EXCEPT RETURNING""".split())


def source_positions(tokens: Sequence[Token]) -> Iterator[int]:
    """Positions at which a table may be named; more than there are tables, where words are ambiguous."""
    in_list = [False]  # for each open parenthesis
    expected = False
    for position, token in enumerate(tokens):
        word = token.word
        if word in _LISTS and not _is_comparison(tokens, position):
            in_list[-1] = expected = True
        elif word in _SINGLE:
            expected = True
        elif word in _ENDS or _ends_list(tokens, position):
            in_list[-1] = expected = False
        elif word == "VALUES" and expected:
            expected = False
        elif token.text == "(" and token.kind == "operator":
            in_list.append(expected)
        elif token.text == ")" and token.kind == "operator":
            expected = False
            if len(in_list) > 1:
                in_list.pop()
        elif token.text == "," and token.kind == "operator":
            expected = in_list[-1]
        elif expected:
            yield position
            expected = False


def _is_comparison(tokens: Sequence[Token], position: int) -> bool:
    """IS DISTINCT FROM."""
    return position >= 2 and tokens[position - 1].word == "DISTINCT" and tokens[position - 2].word in ("IS", "NOT")


def _ends_list(tokens: Sequence[Token], position: int) -> bool:
    """SET and VALUES may be aliases too: they end a list only as UPDATE SET and (VALUES."""
    before = tokens[position - 1] if position else None
    if before is None:
        return False
    word = tokens[position].word
    return (word == "SET" and before.word == "UPDATE") or (word == "VALUES" and before.text == "(")
