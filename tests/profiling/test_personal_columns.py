"""What people say of a column decides whether its profile tells values, from then on."""

import time
from typing import Any

from adbc_driver_manager import dbapi

from tests.harness import query
from tests.profiling.profiles import profile, shown


def say(connection: dbapi.Connection, dataset: str, column: str, **facts: str) -> None:
    told = "".join(f", {name} := '{value}'" for name, value in facts.items())
    query(connection, f"CALL set_column(dataset := '{dataset}', column_name := '{column}'{told})")


def personal(connection: dbapi.Connection, dataset: str) -> set[str]:
    rows = query(connection, "FROM catalog.personal_columns WHERE dataset = ?", (dataset,)).to_pylist()
    return {row["column_name"] for row in rows}


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["withheld"], row["minimum"], row["maximum"], row["top_values"]


def test_column_that_a_person_marks_is_withheld_in_the_profile_that_is_kept(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_marked AS SELECT 'code' || i AS c, 'other' || i AS o FROM range(10) t(i)")
    assert told(profile(connection, "profiled_marked")["c"])[:3] == (False, "code0", "code9")
    say(connection, "profiled_marked", "C", pii_kind="medical")
    assert personal(connection, "profiled_marked") == {"c"}
    found = shown(connection, "profiled_marked")
    assert told(found["c"]) == (True, None, None, None)
    assert {(each["lower"], each["upper"]) for each in found["c"]["histogram"] or []} <= {(None, None)}
    assert (found["c"]["row_count"], found["c"]["length_max"], found["o"]["minimum"]) == (10, 5, "other0")
    assert told(profile(connection, "profiled_marked")["c"]) == (True, None, None, None)
    kept = query(connection, "FROM catalog.column_profile_events WHERE dataset = 'profiled_marked'").to_pylist()
    assert len(kept) == 4
    assert "code" not in str(kept)
    assert "other9" in str(kept)


def test_detected_column_of_which_a_person_says_none_is_told_from_the_next_profile_on(
    connection: dbapi.Connection,
) -> None:
    query(
        connection, "CREATE TABLE profiled_cleared AS SELECT 'team' || i || '@example.org' AS inbox FROM range(50) t(i)"
    )
    assert told(profile(connection, "profiled_cleared")["inbox"]) == (True, None, None, None)
    say(connection, "profiled_cleared", "inbox", pii_kind="none")
    assert personal(connection, "profiled_cleared") == set()
    assert told(shown(connection, "profiled_cleared")["inbox"]) == (True, None, None, None)
    assert told(profile(connection, "profiled_cleared")["inbox"])[:2] == (False, "team0@example.org")
    query(connection, "CALL detect_pii(dataset := 'profiled_cleared')")
    assert not shown(connection, "profiled_cleared")["inbox"]["withheld"]
    say(connection, "profiled_cleared", "inbox", sensitivity="restricted")
    assert told(shown(connection, "profiled_cleared")["inbox"]) == (True, None, None, None)


def test_sensitivity_of_a_column_withholds_and_does_not_tell_what_is_personal(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_graded AS SELECT 'u' || i || '@example.org' AS mail, 'a' || i AS a, 'b' || i AS b "
        "FROM range(50) t(i)",
    )
    say(connection, "profiled_graded", "mail", sensitivity="public")
    say(connection, "profiled_graded", "a", sensitivity="confidential")
    say(connection, "profiled_graded", "b", sensitivity="internal")
    found = profile(connection, "profiled_graded")
    assert {name: row["withheld"] for name, row in found.items()} == {"mail": True, "a": True, "b": False}


def test_part_that_a_person_marks_withholds_the_whole_of_its_column(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE profiled_part AS SELECT {'x': 'x' || i, 'y': 'y' || i} AS s, i FROM range(10) t(i)")
    assert profile(connection, "profiled_part")["s.x"]["minimum"] == "x0"
    say(connection, "profiled_part", "s.x", pii_kind="ssn")
    found = shown(connection, "profiled_part")
    assert {name: row["withheld"] for name, row in found.items()} == {"s": True, "s.x": True, "s.y": True, "i": False}
    profile(connection, "profiled_part")
    kept = query(connection, "FROM catalog.column_profile_events WHERE dataset = 'profiled_part'").to_pylist()
    assert "'x0'" not in str(kept)
    assert "'y0'" not in str(kept)


def test_column_that_a_person_marks_while_it_is_profiled_leaves_no_value(connection: dbapi.Connection) -> None:
    query(
        connection,
        "CREATE TABLE profiled_beside AS SELECT 'code' || (i % 9) || md5(i::VARCHAR) AS c FROM range(3e6::INT) t(i)",
    )
    [job] = query(connection, "CALL profile_columns(dataset := 'profiled_beside', wait := false)").to_pylist()
    asked = "SELECT status FROM catalog.jobs WHERE job_id = ?"
    while query(connection, asked, (job["job_id"],)).to_pylist() == [{"status": "queued"}]:
        time.sleep(0.01)
    say(connection, "profiled_beside", "c", pii_kind="medical")
    query(
        connection, "CALL profile_columns(dataset := 'profiled_beside')"
    )  # one worker: the other one is done before it
    kept = query(connection, "FROM catalog.column_profile_events WHERE profile_id = ?", (job["job_id"],)).to_pylist()
    assert [(each["withheld"], each["distinct_count"] > 1) for each in kept] == [(True, True)]
    assert "code" not in str(kept)
