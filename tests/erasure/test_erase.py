"""What is erased is nowhere: in no file, in no value, for no reader; and the certificate says what was looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from server.erasing.surfaces.places import SURFACES
from tests.erasure.marked import KEYS, MARKERS, ROWS, call_with_keys, decoded, in_bytes, make_marked
from tests.erasure.people import call, emails, mail, make_people, refused, tombstone
from tests.harness import Server, query
from tests.search.notes import documents


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file's own, since an erasure ends what others have open."""
    with Server(tmp_path_factory.mktemp("erase") / "data", "--erasure-grace-s", "0.2") as running:
        yield running


@pytest.fixture
def connection(own: Server) -> Iterator[dbapi.Connection]:
    """When it ends the datasets are dropped: the tests use the same keys."""
    opened = own.connect()
    yield opened
    for row in query(opened, "SELECT dataset, kind FROM catalog.datasets").to_pylist():
        query(opened, f"DROP {row['kind']} {row['dataset']}")
    opened.close()


def erase(connection: dbapi.Connection, name: str) -> dict[str, dict[str, Any]]:
    """Surface → its row."""
    rows = query(connection, "CALL erase(dataset := ?)", (name,)).to_pylist()
    return {row["surface"]: row for row in rows}


def not_clean(surfaces: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {name: (row["verdict"], row["detail"]) for name, row in surfaces.items() if row["verdict"] != "clean"}


def test_no_file_and_no_reader_has_what_was_erased(data: Path) -> None:
    with Server(data) as server, server.connect() as connection:
        make_marked(connection, "marked")
        query(
            connection,
            "CALL create_index(name := 'marked', dataset := 'marked', key_column := 'email', text_columns := ['note'], "
            "wait := true)",
        )
        assert KEYS[0] in documents(connection, "marked", MARKERS[2], k=1)
        query(connection, "CALL cache_pin(dataset := 'marked')")
        event = f"{{dataset: 'marked', key: '{KEYS[0]}', field: 'note', old_value: NULL, new_value: '{MARKERS[2]}'}}"
        query(connection, f"CALL journal_append(events := [{event}])")
        assert in_bytes(data), "the markers are where they should not be seen any more"
        call_with_keys(connection, "marked")
        assert not_clean(erase(connection, "marked")) == {}
        assert in_bytes(data) == {}
        assert query(connection, "SELECT count(*) AS n FROM marked")["n"][0].as_py() == ROWS
        assert query(connection, "SELECT count(*) AS n FROM __raw__marked")["n"][0].as_py() == ROWS
        assert KEYS[0] not in documents(connection, "marked", MARKERS[2], k=100)
        history = query(connection, f"SELECT * FROM entity_history('marked', '{KEYS[0]}')").to_pylist()
        assert not any(marker in str(history) for marker in MARKERS)
        snapshots = query(connection, "SELECT snapshot_id FROM catalog.snapshots ORDER BY snapshot_id")["snapshot_id"]
        for snapshot in snapshots.to_pylist():
            text = f"SELECT count(*) AS n FROM marked AT (VERSION => {snapshot}) WHERE email IN {KEYS}"
            assert query(connection, text)["n"][0].as_py() == 0
        for text in ("FROM catalog.tombstones", "FROM catalog.erasures", "FROM catalog.jobs", "FROM catalog.query_log"):
            assert not any(marker in str(query(connection, text).to_pylist()) for marker in MARKERS)
    assert in_bytes(data) == {}
    assert decoded(data) == {}


def test_the_certificate_names_every_surface_and_verifies(connection: dbapi.Connection) -> None:
    make_people(connection, "certified")
    tombstone(connection, "certified", "ada", "ben")
    surfaces = erase(connection, "certified")
    rows = query(connection, "FROM catalog.erasures WHERE dataset = 'certified'").to_pylist()
    assert {row["surface"] for row in rows} == set(surfaces) == set(SURFACES)
    assert {(row["key_count"], row["row_count"], row["actor"]) for row in rows} == {(2, 4, "admin")}
    checked = query(connection, "CALL verify_certificates()").to_pylist()
    assert {row["status"] for row in checked} == {"whole"}
    erasure_id = rows[0]["erasure_id"]
    exported = call(connection, "export_certificate", erasure_id=erasure_id)
    assert exported["verdict"] == "proven"
    assert mail("ada") not in exported["document"]


def test_erased_keys_stay_suppressed_and_cannot_be_given_back(connection: dbapi.Connection) -> None:
    make_people(connection, "stays")
    tombstone(connection, "stays", "ada")
    erase(connection, "stays")
    assert (
        refused(connection, f"CALL untombstone(dataset := 'stays', key_values := ['{mail('ada')}'])").code
        == "not_found"
    )
    query(connection, f"INSERT INTO stays VALUES (90, '{mail('ada')}', 'again'), (91, 'new@example.org', 'new')")
    assert emails(connection, "stays").count("ada") == 0
    (row,) = query(connection, "FROM catalog.suppressions WHERE dataset = 'stays'").to_pylist()
    assert (row["key_value"], row["held_back_rows"]) == (None, 1)
    call(connection, "lift_suppression", dataset="stays", key_values=[mail("ada")])
    query(connection, f"INSERT INTO stays VALUES (92, '{mail('ada')}', 'later')")
    assert emails(connection, "stays").count("ada") == 1


def test_a_key_that_was_lifted_stays_so(connection: dbapi.Connection) -> None:
    make_people(connection, "lifted_one")
    tombstone(connection, "lifted_one", "ada")
    call(connection, "lift_suppression", dataset="lifted_one", key_values=[mail("ada")])
    query(connection, f"INSERT INTO lifted_one VALUES (92, '{mail('ada')}', 'came back')")
    assert not_clean(erase(connection, "lifted_one")) == {}
    query(connection, f"INSERT INTO lifted_one VALUES (93, '{mail('ada')}', 'and again')")
    assert emails(connection, "lifted_one").count("ada") == 2


def test_what_was_not_tombstoned_stays(connection: dbapi.Connection) -> None:
    make_people(connection, "others_stay")
    before = query(connection, "SELECT * FROM others_stay WHERE email NOT LIKE 'ada%' ORDER BY ALL")
    tombstone(connection, "others_stay", "ada")
    erase(connection, "others_stay")
    assert query(connection, "SELECT * FROM others_stay ORDER BY ALL").equals(before)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CALL erase(dataset := 'no_such_dataset')", "not_found"),
        ("CALL erase(dataset := 'nothing_waits')", "not_found"),
        ("CALL erase(dataset := 'catalog.jobs')", "permission_denied"),
        ("CALL erase(dataset := 'seen_only')", "not_found"),
        ("CALL erase()", "invalid_argument"),
    ],
)
def test_what_has_nothing_to_erase_is_refused(connection: dbapi.Connection, text: str, code: str) -> None:
    query(connection, "CREATE TABLE IF NOT EXISTS nothing_waits (id BIGINT)")
    query(connection, "CREATE OR REPLACE VIEW seen_only AS FROM nothing_waits")
    assert refused(connection, text).code == code


def test_erasing_twice_is_refused_the_second_time(connection: dbapi.Connection) -> None:
    make_people(connection, "twice")
    tombstone(connection, "twice", "ada")
    erase(connection, "twice")
    assert refused(connection, "CALL erase(dataset := 'twice')").code == "not_found"
    tombstone(connection, "twice", "ben")
    assert erase(connection, "twice")["deleted rows"]["erased_count"] == 2


def test_a_copy_in_another_dataset_is_found_and_named(connection: dbapi.Connection) -> None:
    make_people(connection, "copied")
    query(connection, "CREATE TABLE copy_of_people AS SELECT email AS written_to FROM copied WHERE email LIKE 'dee%'")
    tombstone(connection, "copied", "dee")
    found = not_clean(erase(connection, "copied"))
    assert found.pop("other datasets") == ("found", "keys are in copy_of_people")
    (name, (verdict, detail)) = found.popitem()
    assert (name, verdict, detail.startswith("in written_to")) == ("derived dataset copy_of_people", "found", True)
    assert not found


def test_files_that_people_put_there_are_found_or_not_proven(own: Server, connection: dbapi.Connection) -> None:
    make_people(connection, "imported")
    folder = own.data / "import"
    (folder / "list.csv").write_text(f"email\n{mail('eva')}\n")
    (folder / "list.csv.gz").write_bytes(b"\x1f\x8b")
    query(connection, f"COPY (SELECT * FROM imported WHERE email = '{mail('eva')}') TO '{own.data}/export/eva.parquet'")
    tombstone(connection, "imported", "eva")
    found = not_clean(erase(connection, "imported"))
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "import folder": "found",
        "export folder": "found",
    }
    for file in (folder / "list.csv", own.data / "export" / "eva.parquet"):
        file.unlink()
    tombstone(connection, "imported", "cem")
    assert {name: verdict for name, (verdict, _) in not_clean(erase(connection, "imported")).items()} == {
        "import folder": "unproven"
    }
    (folder / "list.csv.gz").unlink()


def test_deleted_rows_of_a_dataset_that_was_dropped_are_erased(connection: dbapi.Connection) -> None:
    make_people(connection, "dropped_one")
    tombstone(connection, "dropped_one", "ada")
    query(connection, "DROP TABLE dropped_one")
    assert not_clean(erase(connection, "dropped_one")) == {}


def test_compact_erases_unless_it_is_told_to_keep(connection: dbapi.Connection) -> None:
    make_people(connection, "compacted_too")
    tombstone(connection, "compacted_too", "ada")
    call(connection, "compact", dataset="compacted_too", keep_tombstones=True)
    assert query(connection, "SELECT 1 FROM __raw__compacted_too WHERE __deleted").num_rows == 2
    call(connection, "compact", dataset="compacted_too")
    assert query(connection, "SELECT 1 FROM __raw__compacted_too WHERE __deleted").num_rows == 0
    assert query(connection, "FROM catalog.erasures WHERE dataset = 'compacted_too'").num_rows > 0


def test_a_schedule_or_a_client_may_leave_it_to_itself(own: Server, connection: dbapi.Connection) -> None:
    make_people(connection, "unwatched")
    tombstone(connection, "unwatched", "ada")
    told = call(connection, "erase", dataset="unwatched", wait=False)
    with own.operations() as operations:
        *_, last = operations.watch(told["erasure_id"], poll_s=0.1)
    assert last.status == "succeeded"
    assert query(connection, "FROM catalog.erasures WHERE dataset = 'unwatched'").num_rows > 0
