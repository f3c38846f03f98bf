"""An erasure goes on into tables that were made from the dataset, as lineage tells; without that it names them."""

from collections.abc import Iterator
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.verify_certificate import main as verify_offline
from tests.erasure.people import NAMES, call, mail, make_people, tombstone
from tests.harness import Server, query
from tests.search.notes import documents

PREFIX = "derived dataset "


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file's own, since an erasure ends what others have open."""
    with Server(tmp_path_factory.mktemp("cascade") / "data", "--erasure-grace-s", "0.2") as running:
        yield running


@pytest.fixture
def connection(own: Server) -> Iterator[dbapi.Connection]:
    """When it ends the datasets are dropped, and their keys may be written again: the tests use the same ones."""
    opened = own.connect()
    make_people(opened, "people")
    yield opened
    for name in query(opened, "SELECT index_name FROM catalog.vector_indexes")["index_name"].to_pylist():
        query(opened, "CALL drop_index(name := ?)", (name,))
    for name in query(opened, "SELECT DISTINCT dataset FROM catalog.suppressions")["dataset"].to_pylist():
        query(opened, "CALL lift_suppression(dataset := ?, key_values := ?)", (name, [mail(one) for one in NAMES]))
    for row in query(opened, "SELECT dataset, kind FROM catalog.datasets ORDER BY kind DESC").to_pylist():
        schema, _, name = str(row["dataset"]).rpartition(".")
        query(opened, f'DROP {row["kind"]} "{schema or "main"}"."{name}"')
    opened.close()


def erase(connection: dbapi.Connection, name: str = "people", *, cascade: bool = True) -> dict[str, dict[str, Any]]:
    """Surface → its row; `derived dataset` is left out before the names of derived ones."""
    rows = query(connection, "CALL erase(dataset := ?, cascade := ?)", (name, cascade)).to_pylist()
    return {row["surface"].removeprefix(PREFIX): row for row in rows}


def not_clean(surfaces: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {name: (row["verdict"], row["detail"]) for name, row in surfaces.items() if row["verdict"] != "clean"}


def run(connection: dbapi.Connection, *statements: str) -> None:
    for text in statements:
        query(connection, text)


def who(connection: dbapi.Connection, table: str, column: str = "email") -> set[str]:
    rows = query(connection, f"SELECT DISTINCT {column} AS email FROM {table}").to_pylist()
    return {str(row["email"]).partition("@")[0] for row in rows}


def test_rows_of_the_erased_keys_go_from_tables_made_from_the_dataset(
    own: Server, connection: dbapi.Connection
) -> None:
    run(
        connection,
        "CREATE SCHEMA IF NOT EXISTS far",
        "CREATE TABLE copied AS SELECT * FROM people",
        'CREATE TABLE far."Odd name" AS SELECT email AS "Who ""is""", \'only here \' || note AS said FROM copied',
        "CREATE VIEW seen AS SELECT email AS mail FROM people",
        "CREATE TABLE through AS SELECT mail, 1 AS one FROM seen",
        "CREATE TABLE joined (id BIGINT, mail VARCHAR, own VARCHAR)",
        "INSERT INTO joined SELECT p.id, p.email, 'own ' || p.id FROM people p JOIN copied c USING (id)",
        "ALTER TABLE joined RENAME TO joined_now",
        "ALTER TABLE joined_now RENAME COLUMN mail TO written_to",
    )
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    named = {"copied", "far.Odd name", "through", "joined_now"}
    assert {name: surfaces[name]["erased_count"] for name in named} == dict.fromkeys(named, 2)
    assert who(connection, "copied") == {"ben", "cem", "dee", "eva"}
    assert who(connection, 'far."Odd name"', '"Who ""is"""') == {"ben", "cem", "dee", "eva"}
    assert (
        who(connection, "through", "mail") == who(connection, "joined_now", "written_to") == who(connection, "copied")
    )
    assert query(connection, "FROM joined_now").num_rows == 8
    assert [path for path in own.data.rglob("*") if path.is_file() and b"ada@example.org" in path.read_bytes()] == []


def test_without_cascade_the_certificate_names_derived_datasets(own: Server, connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE copied AS SELECT email, note FROM people",
        "CREATE TABLE counted AS SELECT note, count(*) AS n FROM people WHERE email LIKE 'ben%' GROUP BY ALL",
        "CREATE TABLE only_decided AS SELECT 1 AS one FROM people WHERE email LIKE 'ben%'",
        "CREATE VIEW seen AS SELECT email FROM people",
    )
    tombstone(connection, "people", "ada")
    surfaces = erase(connection, cascade=False)
    assert set(not_clean(surfaces)) == {"copied", "other datasets"}
    assert surfaces["copied"]["detail"].startswith("in email")
    assert surfaces["counted"]["detail"].startswith("derived from the dataset")
    assert not {"only_decided", "seen"} & surfaces.keys()
    assert who(connection, "copied") == {"ada", "ben", "cem", "dee", "eva"}


def test_a_derived_dataset_in_which_nothing_is_found_leaves_the_erasure_proven(connection: dbapi.Connection) -> None:
    run(connection, "CREATE TABLE bens AS SELECT email, upper(note) AS n FROM people WHERE email LIKE 'ben%'")
    tombstone(connection, "people", "ada")
    surfaces = erase(connection, cascade=False)
    assert not_clean(surfaces) == {}
    assert "bens" in surfaces
    told = query(connection, "SELECT DISTINCT proven FROM catalog.erasures WHERE dataset = 'people'").to_pylist()
    assert {"proven": True} in told


def test_one_certificate_tells_of_all_and_is_verified_without_the_server(
    own: Server, connection: dbapi.Connection, tmp_path: Any
) -> None:
    run(connection, "CREATE TABLE copied AS FROM people")
    tombstone(connection, "people", "ada")
    erasure_id = next(iter(erase(connection).values()))["erasure_id"]
    (row,) = query(connection, "CALL export_certificate(erasure_id := ?)", (erasure_id,)).to_pylist()
    assert row["verdict"] == "proven"
    assert '"derived dataset copied"' in row["document"]
    file = tmp_path / "certificate.json"
    file.write_text(row["document"], encoding="utf-8")
    key = query(connection, "SELECT DISTINCT public_key FROM catalog.erasures")["public_key"][0].as_py()
    assert verify_offline(["--public-key", key, str(file)]) == 0
    file.write_text(row["document"].replace('"derived dataset copied"', '"derived dataset other"'), encoding="utf-8")
    assert verify_offline(["--public-key", key, str(file)]) == 1
    assert set(query(connection, "CALL verify_certificates()")["status"].to_pylist()) == {"whole"}


def test_a_circle_of_tables_ends(connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE around AS FROM people",
        "INSERT INTO people SELECT * FROM around WHERE email LIKE 'ben%'",
        "CREATE TABLE further AS SELECT email FROM around",
        "INSERT INTO around SELECT 9, email, 'back' FROM further",
    )
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    assert {name for name, row in surfaces.items() if row["surface"].startswith(PREFIX)} == {"around", "further"}
    for table in ("people", "around", "further"):
        assert "ada" not in who(connection, table)


def test_what_was_computed_from_each_row_is_not_proven_until_made_anew(connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE hashed AS SELECT sha256(email) AS h FROM people",
        "CREATE TABLE totals AS SELECT email LIKE 'a%' AS a, count(*) AS n, sum(id) AS s FROM people GROUP BY ALL",
        "CREATE TABLE numbers AS SELECT count(*) AS n FROM people",
    )
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert surfaces["hashed"]["verdict"] == "unproven"
    assert "hashed" in not_clean(surfaces)
    assert surfaces["numbers"]["verdict"] == "clean"
    assert surfaces["numbers"]["detail"].startswith("derived from the dataset")
    assert query(connection, "FROM hashed").num_rows == 10


def test_values_of_erased_rows_are_found_in_tables_without_the_key(connection: dbapi.Connection) -> None:
    run(
        connection,
        "UPDATE people SET note = 'a note of hers that nobody else has' WHERE id = 0",
        "CREATE TABLE notes AS SELECT note AS said FROM people",
        "CREATE TABLE listed AS SELECT list(note) AS all_notes, max(id) AS top FROM people",
        "CREATE TABLE ids AS SELECT id AS number FROM people",
    )
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert set(not_clean(surfaces)) == {"notes", "listed", "ids"}
    assert surfaces["ids"]["detail"].startswith("in number")
    assert surfaces["notes"]["detail"].startswith("in said")


def test_what_derived_rows_had_alone_is_gone_from_files_too(own: Server, connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE extra (mail VARCHAR, code VARCHAR)",
        "INSERT INTO extra VALUES ('ada@example.org', 'secret of extra rows'), ('ben@example.org', 'other code')",
        "CREATE TABLE with_extra AS SELECT email, code || ' there' AS code FROM people JOIN extra ON email = mail",
        "UPDATE with_extra SET code = 'changed code of hers' WHERE email LIKE 'ada%'",
        "DELETE FROM extra WHERE mail LIKE 'ada%'",
    )
    tombstone(connection, "people", "ada")
    query(connection, "CALL compact(dataset := 'extra')")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    for text in (b"secret of extra rows there", b"changed code of hers", b"ada@example.org"):
        assert [path for path in own.data.rglob("*") if path.is_file() and text in path.read_bytes()] == []


def test_rows_that_wait_for_an_erasure_of_the_derived_dataset_go_with_their_tombstones(
    connection: dbapi.Connection,
) -> None:
    run(connection, "CREATE TABLE copied AS FROM people")
    tombstone(connection, "copied", "ada", "ben")
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    assert surfaces["copied"]["erased_count"] == 2
    rows = query(connection, "SELECT * FROM catalog.tombstones WHERE dataset = 'copied'").to_pylist()
    assert {row["key_value"] is None: row["erased_at"] is None for row in rows} == {True: False, False: True}
    assert query(connection, "FROM __raw__copied WHERE __deleted").num_rows == 2
    assert not_clean(erase(connection, "copied")) == {"other datasets": ("found", "keys are in people")}


def test_a_derived_dataset_with_tombstones_by_another_column_keeps_them(connection: dbapi.Connection) -> None:
    run(connection, "CREATE TABLE by_id AS FROM people")
    call(connection, "tombstone", dataset="by_id", key_column="id", key_values=[0, 1])
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    call(connection, "lift_suppression", dataset="by_id", key_values=[0, 1])
    assert not_clean(surfaces) == {}
    assert surfaces["by_id"]["erased_count"] == 2
    assert query(connection, "FROM __raw__by_id WHERE __deleted").num_rows == 1
    assert who(connection, "by_id") == {"ben", "cem", "dee", "eva"}


def test_keys_that_came_back_stay_in_derived_tables(connection: dbapi.Connection) -> None:
    run(connection, "CREATE TABLE copied AS FROM people")
    tombstone(connection, "people", "ada", "ben")
    call(connection, "lift_suppression", dataset="people", key_values=["ada@example.org"])
    query(connection, "INSERT INTO people VALUES (70, 'ada@example.org', 'again')")
    erase(connection)
    assert who(connection, "copied") == {"ada", "cem", "dee", "eva"}


def test_indexes_over_derived_tables_lose_the_documents(own: Server, connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE copied AS SELECT id AS number, email, 'text about row ' || id AS body FROM people",
        "CREATE VIEW over_copied AS SELECT number, body FROM copied",
    )
    for name, source in (("on_table", "copied"), ("on_view", "over_copied")):
        call(
            connection, "create_index", name=name, dataset=source, key_column="number", text_columns=["body"], wait=True
        )
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    assert surfaces["index generations"]["erased_count"] == 2
    for name in ("on_table", "on_view"):
        assert {"0", "5"}.isdisjoint(documents(connection, name, "text about row 0", k=20))


def test_integer_keys_are_followed_through_other_types(connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE numbered AS SELECT i AS serial FROM range(10) r(i)",
        "CREATE TABLE wide (k DOUBLE, t VARCHAR, x INTEGER)",
        "INSERT INTO wide SELECT serial, serial, 1 FROM numbered",
        "CREATE TABLE mixed AS SELECT serial AS one, NULL::BIGINT AS two FROM numbered",
        "INSERT INTO mixed (two) SELECT serial FROM numbered",
    )
    call(connection, "tombstone", dataset="numbered", key_column="serial", key_values=[3])
    surfaces = erase(connection, "numbered")
    call(connection, "lift_suppression", dataset="numbered", key_values=[3])
    assert surfaces["mixed"]["erased_count"] == 2
    assert surfaces["wide"]["erased_count"] == 1
    assert not_clean(surfaces) == {}
    assert query(connection, "FROM wide WHERE k = 3 OR t = '3'").num_rows == 0
    assert query(connection, "FROM mixed WHERE coalesce(one, two) = 3").num_rows == 0


def test_what_an_administrator_made_from_the_raw_view_is_followed(connection: dbapi.Connection) -> None:
    tombstone(connection, "people", "ada")
    run(connection, "CREATE TABLE from_raw AS SELECT email, __deleted FROM __raw__people")
    assert "ada" in who(connection, "from_raw")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    assert "ada" not in who(connection, "from_raw")


def test_a_derived_dataset_that_is_pinned_and_journalled_loses_both(own: Server, connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE kept (id BIGINT, email VARCHAR, note VARCHAR)")
    call(connection, "set_journal", dataset="kept", enabled=True, entity_column="id")
    query(connection, "INSERT INTO kept SELECT * FROM people")
    call(connection, "cache_pin", dataset="kept")
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    assert surfaces["journal"]["erased_count"] >= 2
    assert who(connection, "kept") == {"ben", "cem", "dee", "eva"}
    told = "SELECT 1 FROM entity_history('kept', ?) WHERE new_value IS NOT NULL"
    assert query(connection, told, ("0",)).num_rows == 0
    assert query(connection, told, ("1",)).num_rows > 0


def test_compacting_erases_in_the_dataset_alone(connection: dbapi.Connection) -> None:
    run(connection, "CREATE TABLE copied AS FROM people")
    tombstone(connection, "people", "ada")
    query(connection, "CALL compact(dataset := 'people')")
    assert "ada" in who(connection, "copied")
    text = "SELECT verdict FROM catalog.erasures WHERE surface = 'derived dataset copied' ORDER BY finished_at DESC"
    assert query(connection, text)["verdict"][0].as_py() == "found"


def test_what_a_table_took_from_elsewhere_under_the_same_key_goes_too(connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE copied AS SELECT email FROM people WHERE email LIKE 'ben%'",
        "INSERT INTO copied VALUES ('ada@example.org'), ('zoe@example.org'), (NULL)",
    )
    tombstone(connection, "people", "ada")
    assert erase(connection)["copied"]["erased_count"] == 1
    assert query(connection, "FROM copied").num_rows == 4


def test_a_derived_dataset_that_is_dropped_needs_no_following(connection: dbapi.Connection) -> None:
    run(connection, "CREATE TABLE copied AS FROM people", "CREATE TABLE last AS FROM copied", "DROP TABLE copied")
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert not_clean(surfaces) == {}
    assert "copied" not in surfaces
    assert surfaces["last"]["erased_count"] == 2
    assert who(connection, "last") == {"ben", "cem", "dee", "eva"}


def test_values_in_rows_that_have_no_key_are_found(connection: dbapi.Connection) -> None:
    run(
        connection,
        "CREATE TABLE mixed AS SELECT email, id FROM people",
        "INSERT INTO mixed (id) SELECT id FROM people",
        "CREATE TABLE outer_joined AS SELECT n, p.email, p.id FROM range(90, 95) r(n) LEFT JOIN people p ON n = p.id",
    )
    tombstone(connection, "people", "ada")
    surfaces = erase(connection)
    assert set(not_clean(surfaces)) == {"mixed"}
    assert surfaces["mixed"]["detail"].startswith("in id")
    assert surfaces["mixed"]["erased_count"] == 2
