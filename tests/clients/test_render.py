"""Tables for terminals."""

import io
from typing import Any

import pyarrow as pa
from rich.console import Console

from clients.cli.layout import Wish, fit
from clients.cli.render import render


def rendered(columns: dict[str, Any], width: int = 60, **options: Any) -> list[str]:
    out = io.StringIO()
    render(pa.table(columns), Console(file=out, width=width), **options)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_numbers_align_right_and_text_left() -> None:
    lines = rendered({"name": ["a", "bcd"], "count": [7, 1234]})
    assert lines[0] == "name  count"
    assert lines[2:4] == ["a         7", "bcd    1234"]


def test_null_is_said_and_dim() -> None:
    out = io.StringIO()
    render(pa.table({"x": ["a", None]}), Console(file=out, width=40, force_terminal=True, color_system="standard"))
    assert "\x1b[2mNULL\x1b[0m" in out.getvalue()


def test_long_text_is_cut_with_an_ellipsis_and_lines_fit() -> None:
    lines = rendered({"id": [1, 2], "text": ["word " * 50, "short"]}, width=40)
    assert lines[2].endswith("…")
    assert max(map(len, lines)) <= 40


def test_single_wide_row_wraps_and_nothing_is_lost() -> None:
    words = [f"w{number}" for number in range(60)]
    lines = rendered({"answer": [" ".join(words)], "citations": [[{"n": 1}, {"n": 2}]]}, width=50)
    assert [word for line in lines for word in line.split() if word in words] == words
    assert '{"n": 1}' in lines[-3]
    assert '{"n": 2}' in lines[-2]
    assert max(map(len, lines)) <= 50


def test_count_line_tells_what_is_not_shown() -> None:
    assert rendered({"n": list(range(50))}, rows_max=3)[-1] == "50 rows, the first 3 shown"
    assert rendered({"n": [1, 2]}, rows_total=1_000_000)[-1] == "1,000,000 rows, the first 2 shown"
    assert rendered({"n": [1]})[-1] == "1 row"
    wide = {f"column_{number}": ["x" * 20, "y"] for number in range(30)}
    assert rendered(wide, width=50)[-1] == "2 rows; 5 of 30 columns shown"


def test_empty_result_shows_its_columns() -> None:
    lines = rendered({"name": pa.array([], pa.string())})
    assert lines[0] == "name"
    assert lines[-1] == "0 rows"


def test_escape_sequences_in_data_never_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(rendered({"x\x1b[2J": ["\x1b[31mred\r\n", "b"]}))
    assert "\x1b" not in "".join(rendered({"x": ["\x1b[31m" + "long " * 30]}))


def test_wide_columns_share_what_narrow_ones_leave() -> None:
    assert fit([Wish(4, True), Wish(100, True), Wish(20, True), Wish(6, False)], 80) == [4, 44, 20, 6]
    assert fit([Wish(100, True), Wish(100, True)], 42) == [20, 20]
