"""Names without values, parts of nested columns, bytes, very many columns: what is looked at, and how sure it is."""

from typing import Any

import pyarrow as pa
from adbc_driver_manager import dbapi

from clients.python import Operations
from tests.harness import Server, query
from tests.pii.conftest import Told
from tests.pii.people import MAILS


def confidence(server: Server, dataset: str) -> dict[str, float]:
    rows = server.rows("SELECT path, confidence FROM catalog.pii_findings WHERE dataset = ?", (dataset,))
    return {row["path"]: row["confidence"] for row in rows}


def test_name_alone_counts_and_is_less_sure_than_values(server: Server, connection: dbapi.Connection) -> None:
    query(
        connection,
        f"CREATE TABLE pii_names AS SELECT NULL::VARCHAR AS email, '' AS phone, c AS mail, c AS c1 FROM ({MAILS})",
    )
    query(connection, "CREATE TABLE pii_no_rows AS SELECT 'x' AS e_mail, DATE '2000-01-01' AS dob LIMIT 0")
    told = confidence(server, "pii_names")
    assert 0.5 <= told["email"] == told["phone"] < told["c1"] < told["mail"] <= 1
    assert set(confidence(server, "pii_no_rows")) == {"e_mail", "dob"}


def test_name_that_the_values_contradict_does_not_count(connection: dbapi.Connection, found: Told) -> None:
    query(connection, "CREATE TABLE pii_contradicted AS SELECT i AS email, 'none' AS ssn FROM range(100) t(i)")
    assert found("pii_contradicted") == {}


def test_every_part_of_nested_columns_is_a_column(connection: dbapi.Connection, found: Told, kinds: Told) -> None:
    query(
        connection,
        """CREATE TABLE pii_nested AS SELECT
            {'street': i || ' Example Street', 'geo': {'lat': 1.5}} AS home,
            ['user' || i || '@example.org', NULL] AS l,
            [{'kind': 'home', 'number': '+1-202-555-01' || (10 + i % 90)}] AS phones,
            MAP {'a': 'user' || i || '@example.org'} AS m,
            [[{'deep': ['198.51.100.' || i, '203.0.113.' || i]}]] AS d,
            i AS n
        FROM range(100) t(i)""",
    )
    assert found("pii_nested") == {
        "home.street": "address",
        "l[]": "email",
        "phones[].number": "phone",
        "m.value": "email",
        "d[][].deep[]": "ip",
    }
    assert kinds("pii_nested") == {"home": "address", "l": "email", "phones": "phone", "m": "email", "d": "ip"}
    query(connection, "ALTER TABLE pii_nested RENAME COLUMN phones TO reach")
    query(connection, "ALTER TABLE pii_nested RENAME COLUMN home.street TO line")
    assert {"reach[].number", "home.line"} <= found("pii_nested").keys()


def test_numbers_that_a_new_nested_table_gets_are_those_that_findings_have(
    server: Server, connection: dbapi.Connection, operations: Operations
) -> None:
    query(
        connection,
        "CREATE TABLE pii_numbered AS SELECT {'a': {'b': 1}, 'c': [1]} AS s, MAP {1: {'x': 'y'}} AS m, ['a'] AS l, "
        "'user@example.org' AS c",
    )
    before = server.rows("SELECT column_ids FROM catalog.pii_scans WHERE dataset = 'pii_numbered'")
    operations.call("detect_pii", dataset="pii_numbered")
    assert server.rows("SELECT column_ids FROM catalog.pii_scans WHERE dataset = 'pii_numbered'") == before


def test_bytes_that_are_text_are_looked_at_and_others_passed_over(connection: dbapi.Connection, found: Told) -> None:
    with connection.cursor() as cursor:
        mails = [f"user{number}@example.org".encode() for number in range(50)]
        latin = ["büro@example.org".encode("latin-1")] * 50
        table = pa.table(
            {"b": mails, "latin": latin, "binary": [bytes(range(256))] * 50, "large": [b"x" * 100_000] * 50}
        )
        cursor.adbc_ingest("pii_bytes", table, mode="create")
    assert found("pii_bytes") == {"b": "email"}


def test_values_of_every_type_and_of_odd_names_are_survived(connection: dbapi.Connection, found: Told) -> None:
    columns = (
        "1::TINYINT AS a, 1::UHUGEINT AS b, 1.5::FLOAT AS c, 'x'::JSON AS d, uuid() AS e, INTERVAL 1 DAY AS f, "
        "TIME '10:00' AS g, TIMESTAMPTZ '2020-01-01' AS h, [1.5::FLOAT] AS i, {'x': NULL::VARCHAR[]} AS j, "
        "NULL AS k, [[]::VARCHAR[]] AS l, TIMESTAMP_NS '2020-01-01' AS m, TRUE AS n"
    )
    query(connection, f'CREATE TABLE pii_types AS SELECT {columns.replace("x", "null")}, 1 AS "q""\'{{}} %s"')
    assert found("pii_types") == {}


def test_two_thousand_columns_are_looked_at(connection: dbapi.Connection, found: Told) -> None:
    made: dict[str, Any] = {f"c{number}": ["x", "y"] * 50 for number in range(2000)}
    made["c1234"] = [f"user{number}@example.org" for number in range(100)]
    with connection.cursor() as cursor:
        cursor.adbc_ingest("pii_wide", pa.table(made), mode="create")
    assert found("pii_wide") == {"c1234": "email"}


def test_evidence_holds_counts_and_no_value(server: Server, connection: dbapi.Connection) -> None:
    secret = "user-7f3a@example.org"
    query(
        connection, f"CREATE TABLE pii_evidence AS SELECT '{secret}' AS email, '{secret} wrote' AS note FROM range(20)"
    )
    rows = server.rows("FROM catalog.pii_findings WHERE dataset = 'pii_evidence'")
    assert {row["path"]: row["evidence"] for row in rows} == {
        "email": "100 % of 20 values are valid, name says so",
        "note": "100 % of 20 values hold one",
    }
    everything = server.rows("SELECT to_json(e)::VARCHAR AS t FROM catalog.pii_scan_events e")
    assert not any("7f3a" in row["t"] for row in everything)


def test_encodings_that_are_mixed_in_one_column_keep_nothing_from_being_found(
    connection: dbapi.Connection, found: Told
) -> None:
    """The bytes of one column come from several programs; texts hold marks, wide digits and letters of all kinds."""
    mails = [f"user{number}@example.org" for number in range(60)]
    encodings = ("utf-8", "utf-8", "utf-16", "latin-1")
    bytes_of = [
        (mail if number % 4 else f"{mail}, Zoë").encode(encodings[number % 4]) for number, mail in enumerate(mails)
    ]
    notes = ["日本語", "\ufeffBüro", "\u200b", "e\u0301 \U0001f986", "١٢٣٤", "\uff14" + "\uff11" * 15] * 10
    marked = [f"\ufeff{mail}\u00a0" if number % 2 else mail for number, mail in enumerate(mails)]
    table = pa.table({"raw": bytes_of, "notes": notes, "marked": marked, "none": pa.nulls(60, pa.binary())})
    with connection.cursor() as cursor:
        cursor.adbc_ingest("pii_encodings", table, mode="create")
    assert found("pii_encodings") == {"raw": "email", "marked": "email"}


def test_larger_sample_finds_what_a_smaller_one_does(
    connection: dbapi.Connection, operations: Operations, found: Told
) -> None:
    query(
        connection,
        "CREATE TABLE pii_large AS SELECT '+49 30 ' || (10_000_000 + i) AS c1, "
        "i || ' Oak Street, Apartment ' || i || ', Springfield, Illinois' AS c2 FROM range(12_000) t(i)",
    )
    for sample_rows in (1_000, 12_000):
        operations.call("detect_pii", dataset="pii_large", sample_rows=sample_rows)
        assert found("pii_large") == {"c1": "phone", "c2": "address"}


def test_characters_that_look_like_others_hide_nothing(connection: dbapi.Connection, found: Told) -> None:
    query(
        connection,
        """CREATE TABLE pii_signs AS SELECT
            '+49' || chr(160) || '30' || chr(160) || (1_000_000 + i) AS c1,
            '+1' || chr(8209) || '202' || chr(8209) || '555' || chr(8209) || (1000 + i) AS c2,
            replace('DE89 3704 0044 0532 0130 00', ' ', chr(8239)) AS c3, chr(65279) || 'a' || i || '@example.org' AS c4
        FROM range(200) t(i)""",
    )
    assert found("pii_signs") == {"c1": "phone", "c2": "phone", "c3": "iban", "c4": "email"}


def test_days_of_birth_in_many_forms(connection: dbapi.Connection, found: Told) -> None:
    forms = {
        "us": "%m/%d/%y",
        "german": "%d.%m.%y",
        "named": "%d %B %Y",
        "american": "%b %d, %Y",
        "oracle": "%d-%b-%Y",
        "points": "%Y.%m.%d",
    }
    listed = ", ".join(
        f"strftime(DATE '1940-01-01' + (i * 211)::INTEGER, '{form}') AS dob_{name}" for name, form in forms.items()
    )
    query(
        connection,
        f"CREATE TABLE pii_born AS SELECT {listed}, 'room ' || i AS dob_room FROM range(100) t(i)",
    )
    assert found("pii_born") == {f"dob_{name}": "birth_date" for name in forms}
