"""The command line against a server: words in, text and exit status out."""

import io
import json
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.clients.conftest import Run
from tests.clients.stand_in import PASSWORD


def test_sql_prints_a_table(run: Run) -> None:
    result = run("sql", "SELECT two")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["n", "word"]
    assert lines[3] == ["NULL", "a", '"b",', "c"]
    assert lines[-1] == ["2", "rows"]


def test_statement_is_read_from_standard_input(run: Run) -> None:
    result = run("sql", "-", "--format", "csv", input="SELECT two")
    assert result.stdout == '"n","word"\n1,"one"\n,"a ""b"", c"\n'


def test_table_counts_the_rows_it_does_not_show(run: Run) -> None:
    assert run("sql", "SELECT many", "--rows", "2").stdout.splitlines()[-1] == "5,000 rows, the first 2 shown"


def test_parquet_goes_to_a_pipe_or_a_file(run: Run, tmp_path: Path) -> None:
    assert (
        parquet.read_table(io.BytesIO(run("sql", "SELECT many", "--format", "parquet").stdout_bytes)).num_rows == 5_000
    )
    target = tmp_path / "many.parquet"
    result = run("sql", "SELECT many", "--format", "parquet", "--output", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert parquet.read_table(target).num_rows == 5_000


def test_table_can_go_to_a_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "two.txt"
    assert run("sql", "SELECT two", "--output", str(target)).stdout == ""
    assert target.read_text().splitlines()[-1] == "2 rows"


def test_refused_statement_is_one_line_on_stderr(run: Run) -> None:
    result = run("sql", "slect")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: Parser Error: no such statement LINE 1: slect [sql_error]\n"


def test_call_reads_values_as_json_where_they_are(run: Run) -> None:
    words = ("name=kev", "k=5", 'columns=["a"]', 'version="5"')
    result = run("call", "echo", *words, "--args", '{"k": 1, "wait": true}', "--format", "json")
    assert {row["argument"]: json.loads(row["value"]) for row in json.loads(result.stdout)} == {
        "k": 5,
        "wait": True,
        "name": "kev",
        "columns": ["a"],
        "version": "5",
    }


def test_call_without_rows_says_done(run: Run) -> None:
    assert run("call", "nothing").stdout == "done\n"


def test_operations_are_listed(run: Run) -> None:
    assert run("operations").stdout.splitlines()[0].split() == ["echo", "does", "echo"]


def test_ingest_sends_the_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "n.csv"
    file.write_text("n\n1\n")
    result = run("ingest", "numbers", str(file), "--mode", "replace")
    assert result.exit_code == 0, result.output
    assert '"replace"' in result.stdout


@pytest.mark.parametrize(
    "words",
    [("sql",), ("call", "echo", "novalue"), ("call", "echo", "--args", "[1]"), ("ingest", "d", "/nowhere"), ("dance",)],
)
def test_wrong_usage_exits_2_with_one_line(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


def test_password_file_wins_over_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAKEHOUSE_PASSWORD", "guess")
    assert run("operations").exit_code == 1
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    assert run("--password-file", str(file), "operations").exit_code == 0


def test_missing_password_is_asked_for_by_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAKEHOUSE_PASSWORD")
    monkeypatch.delenv("LAKEHOUSE_ADMIN_PASSWORD", raising=False)
    result = run("operations")
    assert (result.exit_code, result.stderr.startswith("error: no password: set LAKEHOUSE_PASSWORD")) == (1, True)
