"""Every bench runs, at sizes that take seconds. What it measures then means nothing and is not looked at."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.errors import StartupError
from tests.benches import __main__ as program
from tests.benches.kit import quack
from tests.benches.kit.context import QUICK
from tests.benches.kit.machine import Machine
from tests.benches.kit.report import BEGIN, END, Report
from tests.benches.kit.rows import at_most, faster, rate_of
from tests.benches.runner import BENCHES, measure

PAGE = f"above\n{BEGIN}\nold\n{END}\nbelow\n"


def test_a_quick_run_gives_figures_for_every_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    monkeypatch.setattr(program, "RESULTS", tmp_path)
    monkeypatch.setattr(program, "PAGE", page)
    done = CliRunner().invoke(program.main, ["--quick"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "local").glob("*.json")
    rows = json.loads(file.read_text())["rows"]
    assert {row["bench"] for row in rows} == set(BENCHES)
    assert [row["what"] for row in rows if not row["ours"] or not row["ratio"]] == []
    assert page.read_text() == PAGE


def test_without_quack_its_rows_say_that_they_were_not_run_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise StartupError("package duckdb-extension-quack is not installed")

    monkeypatch.setattr(quack, "connect_with_quack", missing)
    report = measure(["fetch_quack", "small_query"], QUICK, lambda _: None)
    assert [row.note for _, row in report.rows] == ["not run: package duckdb-extension-quack is not installed"] * 2
    assert [row.met for _, row in report.rows] == [None, None]


def test_a_report_replaces_only_what_is_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    report = Report(datetime.now(UTC), Machine.here(), [("one", at_most("one thing: another", 3.0, 2.0, "ms", 1.0))])
    report.put_into(page)
    report.put_into(page)
    before, _, rest = page.read_text().partition(BEGIN)
    inside, _, after = rest.partition(END)
    assert (before, after) == ("above\n", "\nbelow\n")
    assert inside.count("| one thing: another | 3.00 | 2.00 | ms | 1.50 | ≤ 1 x | **missed** |  |") == 1
    assert "old" not in inside


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n")
    with pytest.raises(ValueError, match=r"page\.md has no marks"):
        Report(datetime.now(UTC), Machine.here(), []).put_into(page)
    assert page.read_text() == "above\n"


def test_a_target_is_met_at_its_limit_and_missed_beyond_it() -> None:
    assert [at_most("", ours, 2.0, "ms", 1.5).met for ours in (3.0, 3.1)] == [True, False]
    assert [faster("", ours, 8.0, "ms", 4.0).met for ours in (2.0, 2.1)] == [True, False]
    assert [rate_of("", ours, 100.0, "texts/s", 3.0).met for ours in (300.0, 299.0)] == [True, False]
