"""Tokens by DuckDB's scanner: nothing of a text goes unseen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sql.tokens import tokenize
from server.sql.tree import Parser, nodes


def shown(text: str) -> list[str]:
    return [f"{token.kind} {token.text}{'' if token.plain else ' (not plain)'}" for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a.b", ["name SELECT", "name a", "operator .", "name b"]),
        ('"a ""b"""', ['quoted a "b"']),
        ("'it''s'", ["string it's"]),
        (r"E'it\'s'", [r"string E'it\'s' (not plain)"]),
        ("$$it's$$", ["string $$it's$$ (not plain)"]),
        ("$t$it's$t$", ["string $t$it's$t$ (not plain)"]),
        ("x'ab'", ["string x'ab' (not plain)"]),
        ("'a'\n'b'", ["string 'a'\n'b' (not plain)"]),
        ("a/*'*/b--'\nc", ["name a", "name b", "name c"]),
        ("/* /* nested */ still */ a", ["name a"]),
        ("$1 + ? - $name", ["operator $1", "operator +", "operator ?", "operator -", "operator $", "name name"]),
        ("1.5e-3+1_000", ["number 1.5e-3", "operator +", "number 1_000"]),
        ("MAP {#1: 2}", ["name MAP", "operator {", "operator #", "number 1", "operator :", "number 2", "operator }"]),
        ("größe.ü", ["name größe", "operator .", "name ü"]),
        ("vectors\u00a0.\u3000x", ["name vectors", "operator .", "name x"]),
        ("", []),
        ("-- nothing", []),
    ],
)
def test_a_text_is_its_tokens(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("text", ["SELECT 'open", "SELECT /* open", 'SELECT "open', "SELECT $$open", "SELECT U&'a' x"])
def test_what_the_scanner_gives_up_on_is_told(text: str) -> None:
    assert any(token.kind == "unread" for token in tokenize(text))


def test_a_token_knows_where_it_starts_in_characters() -> None:
    text = "SELECT 'ü' AS \"ö\", ß FROM t"
    for token in tokenize(text):
        assert text[token.start :].lstrip('"').startswith(token.text.lstrip('"')) or token.kind == "string"
        assert not text[token.start].isspace()


def test_a_quoted_word_is_no_keyword() -> None:
    assert [token.word for token in tokenize("from \"from\" 'from'")] == ["FROM", "", ""]


PARSER = Parser()


@given(st.text(st.sampled_from("ab.\"'$ -/*\n\\()E,;#{}[]é\u00a0\u3000"), max_size=40))
def test_what_duckdb_takes_for_a_table_is_a_name_among_the_tokens(middle: str) -> None:
    text = f"SELECT MAP {{#1: 2}} {middle} FROM secret"
    tree = PARSER.serialize(text)
    if tree is not None and any(node.get("table_name") == "secret" for node in nodes(tree)):
        tokens = tokenize(text)
        assert any(token.kind == "unread" or (token.is_name and token.text == "secret") for token in tokens)
