"""Rows that were taken away come back into a table that was altered meanwhile: each value into its own column."""

from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import lakehouse_error
from tests.erasure.people import call, mail, make_people, tombstone
from tests.harness import query


def alter(connection: dbapi.Connection, name: str, *changes: str) -> None:
    for change in changes:
        query(connection, f"ALTER TABLE {name} {change}")


def restore(connection: dbapi.Connection, name: str, *who: str) -> dict[str, Any]:
    return call(connection, "untombstone", dataset=name, key_values=[mail(one) for one in who])


def not_restored(connection: dbapi.Connection, name: str, *who: str) -> tuple[str | None, str]:
    """Code and message of the refusal."""
    with pytest.raises(dbapi.Error) as error:
        restore(connection, name, *who)
    found = lakehouse_error(error.value)
    return found.code, found.message


def first(connection: dbapi.Connection, name: str, columns: str, who: str = "ada") -> dict[str, Any]:
    """These columns of the first row of somebody."""
    text = f"SELECT {columns} FROM {name} WHERE email = ? ORDER BY id LIMIT 1"
    (row,) = query(connection, text, (mail(who),)).to_pylist()
    return dict(row)


def test_a_renamed_column_keeps_its_values(connection: dbapi.Connection) -> None:
    make_people(connection, "altered_rename")
    tombstone(connection, "altered_rename", "ada")
    alter(connection, "altered_rename", "RENAME COLUMN note TO remark")
    tombstone(connection, "altered_rename", "ben")
    alter(connection, "altered_rename", "RENAME COLUMN remark TO NOTE")
    tombstone(connection, "altered_rename", "cem")
    assert restore(connection, "altered_rename", "ada", "ben", "cem")["row_count"] == 6
    rows = query(connection, "SELECT note FROM altered_rename ORDER BY id")["NOTE"].to_pylist()
    assert rows == [f"row {number}" for number in range(10)]
    assert query(connection, "FROM __raw__altered_rename").column_names == ["id", "email", "NOTE", "__deleted"]


def test_columns_that_change_names_keep_their_own_values(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE altered_swap (id INTEGER, email VARCHAR, a VARCHAR, b VARCHAR)")
    query(connection, f"INSERT INTO altered_swap VALUES (1, '{mail('ada')}', 'a', 'b')")
    tombstone(connection, "altered_swap", "ada")
    alter(connection, "altered_swap", "RENAME a TO c", "RENAME b TO a", "RENAME c TO b", "ALTER id TYPE BIGINT")
    restore(connection, "altered_swap", "ada")
    assert first(connection, "altered_swap", "id, a, b") == {"id": 1, "a": "b", "b": "a"}


def test_values_of_a_dropped_column_do_not_come_into_another_of_its_name(connection: dbapi.Connection) -> None:
    make_people(connection, "altered_again")
    tombstone(connection, "altered_again", "ada")
    alter(connection, "altered_again", "DROP COLUMN note", "ADD COLUMN note VARCHAR")
    tombstone(connection, "altered_again", "ben")
    alter(connection, "altered_again", "DROP COLUMN note", "ADD COLUMN note VARCHAR DEFAULT 'third'")
    restore(connection, "altered_again", "ada", "ben")
    assert first(connection, "altered_again", "note") == {"note": "third"}
    assert first(connection, "altered_again", "note", "ben") == {"note": "third"}


def test_a_column_takes_the_name_of_a_dropped_one(connection: dbapi.Connection) -> None:
    make_people(connection, "altered_taken")
    alter(connection, "altered_taken", "ADD COLUMN phone VARCHAR")
    query(connection, "UPDATE altered_taken SET phone = 'call ' || id")
    tombstone(connection, "altered_taken", "ada")
    alter(connection, "altered_taken", "DROP COLUMN note", "RENAME COLUMN phone TO note")
    restore(connection, "altered_taken", "ada")
    assert first(connection, "altered_taken", "note") == {"note": "call 0"}


@pytest.mark.parametrize(
    ("name", "kind", "default", "expected"),
    [
        ("text", "VARCHAR", "'it''s new'", "it's new"),
        ("number", "INTEGER", "-5", -5),
        ("nothing", "VARCHAR", "NULL", None),
        ("null_as_text", "VARCHAR", "'NULL'", "NULL"),
        ("zoned", "TIMESTAMPTZ", "'2020-01-01 00:00:00+01'", "2019-12-31T23:00:00"),
    ],
)
def test_an_added_column_has_the_value_that_other_rows_got(
    connection: dbapi.Connection, name: str, kind: str, default: str, expected: object
) -> None:
    table = f"altered_default_{name}"
    make_people(connection, table)
    tombstone(connection, table, "ada")
    alter(connection, table, f"ADD COLUMN more {kind} DEFAULT {default}")
    restore(connection, table, "ada")
    found = first(connection, table, "more")["more"]
    assert (found.strftime("%Y-%m-%dT%H:%M:%S") if name == "zoned" else found) == expected
    assert found == first(connection, table, "more", "ben")["more"]


def test_a_retyped_column_keeps_its_values(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE altered_type (id INTEGER, email VARCHAR, small SMALLINT)")
    query(connection, f"INSERT INTO altered_type VALUES (1, '{mail('ada')}', -7)")
    tombstone(connection, "altered_type", "ada")
    alter(connection, "altered_type", "ALTER COLUMN small SET DATA TYPE BIGINT", "RENAME COLUMN small TO large")
    restore(connection, "altered_type", "ada")
    assert first(connection, "altered_type", "large, typeof(large) AS t") == {"large": -7, "t": "BIGINT"}


def test_a_field_of_a_struct_may_come_but_not_change_its_name(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE altered_struct (id INTEGER, email VARCHAR, s STRUCT(f INTEGER, g VARCHAR))")
    query(connection, f"INSERT INTO altered_struct VALUES (1, '{mail('ada')}', {{'f': 3, 'g': 'x'}})")
    tombstone(connection, "altered_struct", "ada")
    alter(connection, "altered_struct", "ADD COLUMN s.h INTEGER", "RENAME COLUMN s.f TO ff")
    code, message = not_restored(connection, "altered_struct", "ada")
    assert (code, "column s of altered_struct is STRUCT(" in message) == ("invalid_argument", True), message
    alter(connection, "altered_struct", "RENAME COLUMN s.ff TO f")
    restore(connection, "altered_struct", "ada")
    assert first(connection, "altered_struct", "s") == {"s": {"f": 3, "g": "x", "h": None}}


def test_rows_wait_while_their_key_has_another_name(connection: dbapi.Connection) -> None:
    make_people(connection, "altered_key")
    tombstone(connection, "altered_key", "ada")
    call(connection, "lift_suppression", dataset="altered_key", key_values=[mail("ada")])
    alter(connection, "altered_key", "RENAME COLUMN email TO address")
    code, message = not_restored(connection, "altered_key", "ada")
    said = 'ALTER TABLE "main"."altered_key" RENAME COLUMN "address" TO "email"'
    assert (code, said in message) == ("invalid_argument", True), message
    alter(connection, "altered_key", "RENAME COLUMN address TO email")
    assert restore(connection, "altered_key", "ada")["row_count"] == 2
    assert first(connection, "altered_key", "id, note") == {"id": 0, "note": "row 0"}


def test_rows_wait_while_their_key_is_gone(connection: dbapi.Connection) -> None:
    make_people(connection, "altered_gone")
    tombstone(connection, "altered_gone", "ada")
    call(connection, "lift_suppression", dataset="altered_gone", key_values=[mail("ada")])
    alter(connection, "altered_gone", "DROP COLUMN email")
    code, message = not_restored(connection, "altered_gone", "ada")
    said = 'ALTER TABLE "main"."altered_gone" ADD COLUMN "email" VARCHAR'
    assert (code, said in message) == ("invalid_argument", True), message
    alter(connection, "altered_gone", "RENAME COLUMN note TO email")
    code, message = not_restored(connection, "altered_gone", "ada")
    assert (code, 'RENAME COLUMN "email" TO "note"' in message) == ("invalid_argument", True), message
    alter(connection, "altered_gone", "RENAME COLUMN email TO note", "ADD COLUMN email VARCHAR")
    assert restore(connection, "altered_gone", "ada")["row_count"] == 2
    assert first(connection, "altered_gone", "id, note") == {"id": 0, "note": "row 0"}


def test_rows_wait_while_their_table_has_another_name(connection: dbapi.Connection) -> None:
    make_people(connection, "altered_table")
    tombstone(connection, "altered_table", "ada")
    call(connection, "lift_suppression", dataset="altered_table", key_values=[mail("ada")])
    alter(connection, "altered_table", "RENAME TO altered_table_2")
    assert not_restored(connection, "altered_table", "ada")[0] == "not_found"
    assert not_restored(connection, "altered_table_2", "ada")[0] == "not_found"
    alter(connection, "altered_table_2", "RENAME TO altered_table")
    assert restore(connection, "altered_table", "ada")["row_count"] == 2
    assert first(connection, "altered_table", "id, note") == {"id": 0, "note": "row 0"}


def test_a_table_made_anew_takes_back_what_it_has_columns_for(connection: dbapi.Connection) -> None:
    make_people(connection, "altered_anew")
    tombstone(connection, "altered_anew", "ada")
    query(connection, "CREATE OR REPLACE TABLE altered_anew AS SELECT note AS remark, email, id FROM altered_anew")
    code, message = not_restored(connection, "altered_anew", "ada")
    said = 'ALTER TABLE "main"."altered_anew" ADD COLUMN "note" VARCHAR'
    assert (code, said in message) == ("invalid_argument", True), message
    alter(connection, "altered_anew", "ADD COLUMN note VARCHAR")
    restore(connection, "altered_anew", "ada")
    assert first(connection, "altered_anew", "id, note, remark") == {"id": 0, "note": "row 0", "remark": None}
