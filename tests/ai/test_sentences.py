"""Where sentences begin and end."""

# ruff: noqa: RUF001 - the marks of other scripts are meant

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ai.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["One sentence.", "Another one!", "A third?", "And the rest"],
        ["Dr. Smith paid $3.14 to J. R. R. Jones.", "He left."],
        ["It ended at 5 p.m.", "Then it rained."],
        ["It was 5 p.m. when it rained."],
        ["See Fig. 3 and No. 5.", "The answer is no.", "Next."],
        ["Use e.g. Python, i.e. Version 3.11.2 of it, etc. and so on."],
        ["She left the U.S. Army in 2020.", "He stayed."],
        ['"Really?" she asked.', "Yes (it was so.)", "Then..."],
        ["So did I.", "Then we left."],
        ["Read a.b.c at https://example.org/a.html?b=1.", "Done."],
        ["all in lower case here.", "another sentence follows."],
        ["今日は雨です。", "明日は晴れ！", "そう？"],
    ],
)
def test_sentences_joined_by_a_space_come_apart_again(expected: list[str]) -> None:
    joined = "" if expected[0][0] > "z" else " "
    assert sentences(joined.join(expected)) == expected


def test_wrapped_lines_stay_together_and_paragraphs_do_not() -> None:
    assert sentences("This line\ngoes on here.\n\nNew paragraph\n \t\nand another") == [
        "This line\ngoes on here.",
        "New paragraph",
        "and another",
    ]


def test_list_items_headings_and_table_rows_stand_alone() -> None:
    lines = [
        "# A title",
        "Some text",
        "- one thing",
        "* another",
        "1. first point",
        "2) second point",
        "| a | b |",
        "end",
    ]
    assert sentences("\r\n".join(lines)) == lines


def test_lines_of_code_stand_alone() -> None:
    assert sentences("if (x) {\n    y();\n    z = 1.5;\n}\ndef f():\n\treturn 1") == [
        "if (x) {",
        "y();",
        "z = 1.5;",
        "}",
        "def f():",
        "return 1",
    ]


@pytest.mark.parametrize("blank", ["", " ", "\n\n \t\r\n", "\u3000"])
def test_blank_text_has_no_sentences(blank: str) -> None:
    assert split_sentences(blank) == []


@given(st.text(alphabet=st.sampled_from("ab AI1.!?\n\r\t -#。」\"')…\u00a0:e.g")) | st.text())
def test_spans_are_ordered_tight_and_cover_all_that_is_visible(text: str) -> None:
    spans = split_sentences(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert text[position:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""


@pytest.mark.parametrize("unit", [".", "\n", " \n", ". ", '."', "e.g. ", "\n    ", ")", "。」", "a"])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = unit * 100_000 + "x"
    started = time.process_time()
    split_sentences(text)
    assert time.process_time() - started < 3  # a quadratic walk takes minutes
