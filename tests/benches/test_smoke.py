"""Every bench runs, at sizes that take seconds. What it measures then means nothing and is not looked at."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.errors import StartupError
from tests.benches import __main__ as program
from tests.benches.inserts import check
from tests.benches.kit import quack, sail
from tests.benches.kit.clients import Load
from tests.benches.kit.context import QUICK
from tests.benches.kit.hops import HOPS
from tests.benches.kit.machine import Machine
from tests.benches.kit.report import MAIN_PART, Report, marks
from tests.benches.kit.rows import at_most, faster, rate_of
from tests.benches.kit.watching import Trend, can_watch
from tests.benches.kit.work import Work
from tests.benches.profile_server import main as profile
from tests.benches.runner import BENCHES, measure
from tests.lake import s3

QUACK_MISSING = "package duckdb-extension-quack is not installed"
BEGIN, END = marks(MAIN_PART)
SOAK_BEGIN, SOAK_END = marks("soak")
PAGE = f"above\n{BEGIN}\nold\n{END}\nbelow\n{SOAK_BEGIN}\nold soak\n{SOAK_END}\n"
BELOW = PAGE.partition(END)[2]


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
    absent = [] if s3.program() else ["pinned: unpinned, on S3"]
    assert [row["what"] for row in rows if not row["ours"] or not row["ratio"]] == absent
    assert page.read_text() == PAGE


def test_without_quack_and_sail_their_rows_say_that_they_were_not_run_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise StartupError(QUACK_MISSING)

    monkeypatch.setattr(quack, "connect_with_quack", missing)
    monkeypatch.setattr(sail, "SERVER", "tests.benches.kit.no_such_server")
    names = ["fetch_quack", "small_query", "sail", "clients", "inserts"]
    report = measure(names, replace(QUICK, clients=(1,), writers=1), lambda _: None)
    notes = {(bench, row.what): row.note for bench, row in report.rows if row.ratio is None}
    without_quack = [key for key, note in notes.items() if note == f"not run: {QUACK_MISSING}"]
    without_sail = [key for key, note in notes.items() if "no_such_server" in note]
    assert [bench for bench, _ in without_quack] == ["fetch_quack", "small_query", *["clients"] * 5, "inserts"]
    assert [bench for bench, _ in without_sail] == ["sail", *["clients"] * 2]
    assert len(notes) == len(without_quack) + len(without_sail)
    assert [row.met for _, row in report.rows if row.ratio is None] == [None] * len(notes)


@pytest.mark.skipif(not can_watch(), reason="only Linux tells what another process holds")
def test_a_soak_is_reported_by_itself_and_finds_every_row_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    monkeypatch.setattr(program, "RESULTS", tmp_path)
    monkeypatch.setattr(program, "PAGE", page)
    monkeypatch.setattr(program, "FULL", QUICK)
    done = CliRunner().invoke(program.main, ["soak"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (file,) = tmp_path.glob("*-soak.json")
    report = json.loads(file.read_text())
    exact = {row["what"]: row for row in report["rows"] if row["target"].startswith("=")}
    assert [what for what, row in exact.items() if not row["met"]] == [], report["rows"]
    assert exact["rows found: rows acknowledged"]["ours"] > 0
    assert len(report["series"]["at_s"]) == len(report["series"]["rss_bytes"]) > 1
    text = page.read_text()
    assert text.startswith(PAGE.partition(SOAK_BEGIN)[0])
    assert "| resident memory, last quarter: first quarter |" in text
    assert "old soak" not in text


@pytest.mark.skipif(not can_watch(), reason="only Linux tells the CPU time of another process")
def test_the_profile_sees_every_hop_of_a_small_query() -> None:
    done = CliRunner().invoke(profile, ["--statements", "10"], catch_exceptions=False, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    calls = {
        cells[1].strip(): cells[2].strip() for line in done.output.splitlines() if len(cells := line.split("│")) > 3
    }
    assert [hop for hop in HOPS if float(calls[hop]) < 1] == []


def test_a_row_that_was_acknowledged_and_is_not_there_is_told() -> None:
    works = [Work("INSERT", first=0), Work("INSERT", first=100)]
    load = Load(1.0, 1.0, 1.0, (2, 1))
    check("t", [100, 0, 1], works, load)
    with pytest.raises(AssertionError, match="t: 1 acknowledged rows are missing, 2 are there too many"):
        check("t", [0, 0, 1, 7], works, load)


def test_a_trend_tells_its_ends_and_its_slope_a_minute() -> None:
    trend = Trend.of([float(second) for second in range(0, 120, 10)], [100.0 + 2 * n for n in range(12)])
    assert (trend.first, trend.last, trend.most) == (102.0, 120.0, 122.0)
    assert trend.slope_per_min == pytest.approx(12.0)


def test_a_report_replaces_only_what_is_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    report = Report(datetime.now(UTC), Machine.here(), [("one", at_most("one thing: another", 3.0, 2.0, "ms", 1.0))])
    report.put_into(page)
    report.put_into(page)
    before, _, rest = page.read_text().partition(BEGIN)
    inside, _, after = rest.partition(END)
    assert (before, after) == ("above\n", BELOW)
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
