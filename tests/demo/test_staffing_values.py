"""What the demo's columns hold."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.demo.staffing import TABLES, build, connect, select


@pytest.fixture(scope="module")
def staffing() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect(candidates=10_000)
    build(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize("table", TABLES)
def test_the_leading_comment_names_every_column(staffing: duckdb.DuckDBPyConnection, table: str) -> None:
    comment = select(table).partition("WITH ")[0].replace(",", " ").split()
    columns = [column for (column, *_) in staffing.execute(f"DESCRIBE {table}").fetchall()]
    assert [column for column in columns if column not in comment] == []


@pytest.mark.parametrize("table", TABLES)
def test_only_notes_of_unanswered_calls_are_null(staffing: duckdb.DuckDBPyConnection, table: str) -> None:
    columns = [column for (column, *_) in staffing.execute(f"DESCRIBE {table}").fetchall()]
    counts = staffing.execute(f"SELECT count(*) - count(COLUMNS(*)) FROM {table}").fetchone()
    assert counts is not None
    assert {column for column, nulls in zip(columns, counts, strict=True) if nulls} <= {"notes"}


def test_email_addresses_are_well_formed_and_in_reserved_domains(staffing: duckdb.DuckDBPyConnection) -> None:
    addresses = "SELECT email FROM candidates UNION ALL SELECT contact_email FROM clients"
    good = r"[a-z]+\.[a-z]+\d*@(client\d+\.)?example\.(com|org)"
    assert (
        staffing.execute(f"SELECT * FROM ({addresses}) WHERE NOT regexp_full_match(email, '{good}')").fetchall() == []
    )


def test_phone_numbers_are_in_the_range_kept_for_fiction(staffing: duckdb.DuckDBPyConnection) -> None:
    numbers = "SELECT phone FROM candidates UNION ALL SELECT contact_phone FROM clients"
    good = r"\+1-[2-9]\d\d-555-01\d\d"
    assert staffing.execute(f"SELECT * FROM ({numbers}) WHERE NOT regexp_full_match(phone, '{good}')").fetchall() == []


def test_resumes_are_all_different_and_70_to_115_words_long(staffing: duckdb.DuckDBPyConnection) -> None:
    words = "len(string_split(resume, ' '))"
    counts = staffing.execute(f"SELECT min({words}), max({words}), count(DISTINCT resume) FROM candidates").fetchone()
    assert counts is not None
    fewest, most, different = counts
    assert fewest >= 70
    assert most <= 115
    assert different == 10_000


def test_resumes_do_not_name_the_person(staffing: duckdb.DuckDBPyConnection) -> None:
    named = "contains(resume, first_name || ' ' || last_name) OR contains(resume, email) OR contains(resume, phone)"
    assert staffing.execute(f"SELECT candidate_id FROM candidates WHERE {named}").fetchall() == []


def test_skills_are_four_to_six_different_ones_that_the_resume_lists(staffing: duckdb.DuckDBPyConnection) -> None:
    wrong = """len(list_distinct(skills)) <> len(skills) OR len(skills) NOT BETWEEN 4 AND 6
        OR len(list_filter(skills, lambda skill: NOT contains(resume, skill))) > 0"""
    assert staffing.execute(f"SELECT candidate_id FROM candidates WHERE {wrong}").fetchall() == []


def test_occupations_speak_of_different_things(staffing: duckdb.DuckDBPyConnection) -> None:
    about = dict(
        staffing.execute("""
            SELECT regexp_extract(lower(title), 'nurse|welder|java developer') AS job, count(*) FROM candidates
            WHERE contains(resume, CASE job WHEN 'nurse' THEN 'patient' WHEN 'welder' THEN 'weld' ELSE 'Java' END)
              AND job <> '' GROUP BY job""").fetchall()
    )
    assert set(about) == {"nurse", "welder", "java developer"}
    assert min(about.values()) > 350


def test_unanswered_calls_last_no_time_and_calls_avoid_weekends(staffing: duckdb.DuckDBPyConnection) -> None:
    wrong = (
        "(duration_s = 0) <> (outcome = 'no answer') OR isodow(started_at) > 5 OR hour(started_at) NOT BETWEEN 8 AND 17"
    )
    assert staffing.execute(f"SELECT call_id FROM calls WHERE {wrong}").fetchall() == []


def test_choices_are_spread_evenly(staffing: duckdb.DuckDBPyConnection) -> None:
    """Every first name meets every last name about equally often: picks by different primes are independent."""
    pairs = staffing.execute("SELECT count(DISTINCT (first_name, last_name)) FROM candidates").fetchone()
    assert pairs is not None
    # 10,000 draws from 59 x 79 pairs leave about 12 % of them out.
    assert 0.85 < pairs[0] / (59 * 79) < 0.91
