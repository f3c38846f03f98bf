"""Certificates in the lake: whoever changes, removes or adds one behind the server's back shows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.access.principal import Principal
from server.certificates.certificate import NOT_PROVEN, OF_ERASURE, OF_SURFACE, PROVEN, START
from server.certificates.certificates import Certificates
from server.certificates.checks import WHOLE, Checked, check_all, verify
from server.certificates.operations import CertificateOperations, ExportCertificate
from server.certificates.signing import ANCHOR_FILE, KEY_FILE
from server.data_folder import DataFolder
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine
from server.errors import AlreadyExists, CertificateBroken, Conflict, Unavailable
from server.operations.registry import Caller
from tests.erasure.certified import certify, engine_on, erased
from tests.lake.conftest import on_postgres, postgres

__all__ = ["on_postgres", "postgres"]

COUNT = 4
EVENTS = "lakehouse.catalog.erasure_events"
FORGED = {
    "BIGINT": "{} + 1",
    "INTEGER": "{} + 1",
    "VARCHAR": "{} || '0'",
    "TIMESTAMP WITH TIME ZONE": "{} - INTERVAL 1 microsecond",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with COUNT certificates."""
    data = tmp_path_factory.mktemp("certificates") / "data"
    with engine_on(data) as engine:
        certificates = Certificates(engine.folder.keys)
        for number in range(1, COUNT + 1):
            certify(
                engine, certificates, erased(f"e{number}", unproven=number == 2, reason="request", on_behalf_of="bo")
            )
    return data


@pytest.fixture(scope="module")
def lake(written: Path) -> Iterator[Engine]:
    """Only for what is rolled back."""
    with engine_on(written) as engine:
        yield engine


@pytest.fixture
def own(written: Path, data: Path) -> Iterator[Engine]:
    """A copy of it."""
    shutil.copytree(written, data)
    with engine_on(data) as engine:
        yield engine


def statuses(engine: Engine) -> list[tuple[int | None, str]]:
    certificates = Certificates(engine.folder.keys)
    found = verify(engine, certificates.anchor, frozenset([certificates.signer.public_key]))
    return [(checked.number, checked.status) for checked in found]


@contextmanager
def forged(engine: Engine, *statements: str) -> Iterator[LakeCursor]:
    """A cursor that sees what the statements did, which nobody else ever does."""
    cursor = engine.cursor(SERVER)
    cursor.execute("BEGIN")
    try:
        for statement in statements:
            cursor.execute(statement)
        yield cursor
    finally:
        cursor.roll_back()
        cursor.close()


def broken(engine: Engine, *statements: str) -> list[Checked]:
    """What is told to be wrong after the statements."""
    certificates = Certificates(engine.folder.keys)
    with forged(engine, *statements) as cursor:
        found = check_all(cursor, certificates.anchor.read(), frozenset([certificates.signer.public_key]))
    return [checked for checked in found if checked.status != WHOLE]


def column_types(engine: Engine) -> dict[str, str]:
    return dict(engine.read(lambda c: c.rows(f"SELECT column_name, column_type FROM (DESCRIBE {EVENTS})")))


def test_certificates_are_whole_as_they_were_written(lake: Engine) -> None:
    assert statuses(lake) == [(number, WHOLE) for number in range(1, COUNT + 1)]


@pytest.mark.parametrize("column", [*OF_ERASURE, *OF_SURFACE, "link", "signature"])
@pytest.mark.parametrize("rows", ["", " AND surface = 'data files'"])
def test_every_column_that_is_changed_shows(lake: Engine, column: str, rows: str) -> None:
    """In all rows of a certificate, and in one."""
    changed = FORGED[column_types(lake)[column]].format(column)
    found = broken(lake, f"UPDATE {EVENTS} SET {column} = {changed} WHERE certificate_number = 3{rows}")
    assert found
    assert {checked.number for checked in found} <= {3, 4}


def test_every_column_is_signed_or_part_of_the_signature(lake: Engine) -> None:
    assert set(column_types(lake)) == {*OF_ERASURE, *OF_SURFACE, "link", "signature"}


@pytest.mark.parametrize(
    ("statement", "number", "status"),
    [
        (f"UPDATE {EVENTS} SET verdict = 'clean' WHERE verdict = 'unproven'", 2, "not what its link says"),
        (f"UPDATE {EVENTS} SET reason = NULL WHERE certificate_number = 1", 1, "not what its link says"),
        (f"UPDATE {EVENTS} SET started_at = 'infinity' WHERE certificate_number = 1", 1, "not what its link says"),
        (f"UPDATE {EVENTS} SET started_at = '20000-01-01' WHERE certificate_number = 1", 1, "not what its link says"),
        (f"DELETE FROM {EVENTS} WHERE certificate_number = 2 AND verdict = 'unproven'", 2, "not what its link says"),
        (f"INSERT INTO {EVENTS} FROM {EVENTS} WHERE certificate_number = 2", 2, "not what its link says"),
        (f"DELETE FROM {EVENTS} WHERE certificate_number = 2", 2, "the certificate is missing"),
        (f"DELETE FROM {EVENTS} WHERE certificate_number < 3", 1, "certificates 1 to 2 are missing"),
        (f"DELETE FROM {EVENTS} WHERE certificate_number = 4", 4, "the certificate is missing"),
        (f"DELETE FROM {EVENTS}", 1, "certificates 1 to 4 are missing"),
        ("DELETE FROM lakehouse.catalog.erasure_keys WHERE erasure_id = 'e2'", 2, "list of keys"),
        ("INSERT INTO lakehouse.catalog.erasure_keys VALUES ('e2', 'ff')", 2, "list of keys"),
        ("INSERT INTO lakehouse.catalog.erasure_keys FROM lakehouse.catalog.erasure_keys LIMIT 1", 1, "list of keys"),
        ("DELETE FROM lakehouse.catalog.erasure_heads", None, "0 rows"),
        ("UPDATE lakehouse.catalog.erasure_heads SET certificate_number = 3", None, "another certificate"),
        ("UPDATE lakehouse.catalog.erasure_heads SET certificate_number = 9", 5, "certificates 5 to 9 are missing"),
    ],
)
def test_what_was_done_behind_the_server_is_found(lake: Engine, statement: str, number: int, status: str) -> None:
    first = broken(lake, statement)[0]
    assert first.number == number
    assert status in first.status


def test_certificate_that_was_removed_at_the_end_with_its_head_shows_by_the_file(own: Engine) -> None:
    remove_last(own)
    assert statuses(own)[-1] == (COUNT, "the certificate is missing")
    (own.folder.keys / ANCHOR_FILE).unlink()
    assert statuses(own)[-1] == (COUNT - 1, WHOLE)  # so it was the file that told


def remove_last(engine: Engine) -> None:
    """As somebody who can write the lake would, or as an older lake put back."""

    def remove(cursor: LakeCursor) -> None:
        cursor.execute(f"DELETE FROM {EVENTS} WHERE certificate_number = {COUNT}")
        cursor.execute(
            "UPDATE lakehouse.catalog.erasure_heads SET certificate_number = certificate_number - 1, link = "
            f"(SELECT any_value(link) FROM {EVENTS} WHERE certificate_number = {COUNT - 1})"
        )

    engine.commit(SERVER, "forgery", remove)


def test_the_place_of_one_that_was_removed_is_not_taken_by_the_next(own: Engine) -> None:
    remove_last(own)
    certificate = certify(own, Certificates(own.folder.keys), erased("after"))
    assert certificate.place.number == COUNT + 1
    assert statuses(own)[-2:] == [(COUNT, "the certificate is missing"), (COUNT + 1, WHOLE)]


def test_certificate_of_a_foreign_key_shows_until_the_key_is_named(own: Engine, tmp_path: Path) -> None:
    foreign, mine = Certificates(other_keys(tmp_path)), Certificates(own.folder.keys)
    certify(own, foreign, erased("foreign"))
    key = foreign.signer.public_key
    assert statuses(own)[-1] == (COUNT + 1, f"signed with a key that is not this server's: {key}")
    found = verify(own, mine.anchor, frozenset([key, mine.signer.public_key]))
    assert [checked.status for checked in found] == [WHOLE] * (COUNT + 1)


def other_keys(folder: Path) -> Path:
    keys = folder / "other"
    keys.mkdir()
    return keys


def test_chain_that_was_written_anew_with_the_servers_own_key_does_not_fit_the_file(own: Engine) -> None:
    """As if the key was stolen: what the server keeps outside the lake tells."""
    keys = own.folder.keys
    kept = (keys / ANCHOR_FILE).read_text()
    remove_last(own)
    (keys / ANCHOR_FILE).unlink()
    certify(own, Certificates(keys), erased("another"))
    assert statuses(own)[-1] == (COUNT, WHOLE)
    (keys / ANCHOR_FILE).write_text(kept)
    assert statuses(own)[-1] == (COUNT, "it is not the one that this server wrote")
    certify(own, Certificates(keys), erased("after"))
    assert statuses(own)[-1] == (COUNT + 1, "it does not follow the certificate before it")  # so it stays visible


def test_lost_keys_show_in_every_certificate(own: Engine) -> None:
    (own.folder.keys / KEY_FILE).unlink()
    assert all("not this server's" in status for _, status in statuses(own))


def test_unreadable_file_of_the_newest_certificate_is_told_and_nothing_is_written(own: Engine) -> None:
    (own.folder.keys / ANCHOR_FILE).write_text('{"number":')
    assert "certificate-head in DATA/keys can't be read" in statuses(own)[0][1]
    with pytest.raises(Unavailable, match="can't be read"):
        certify(own, Certificates(own.folder.keys), erased("after"))
    assert len(statuses(own)) == COUNT + 1


def test_certificate_that_was_changed_is_not_exported(own: Engine) -> None:
    operations = CertificateOperations(own, Certificates(own.folder.keys))
    caller = Caller(Principal("admin", frozenset({"admin"})), "a session")
    changed = f"UPDATE {EVENTS} SET verdict = 'clean' WHERE erasure_id = 'e2'"
    own.commit(SERVER, "forgery", lambda cursor: cursor.execute(changed))
    with pytest.raises(CertificateBroken, match="e2 is not as it was signed"):
        operations.export(caller, ExportCertificate(erasure_id="e2", with_keys=True))
    assert operations.export(caller, ExportCertificate(erasure_id="e3", with_keys=True))[0]["verdict"] == PROVEN


def test_file_that_can_not_be_written_leaves_the_certificate_and_is_logged(
    own: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    (own.folder.keys / f"{ANCHOR_FILE}.new").mkdir()
    certify(own, Certificates(own.folder.keys), erased("after"))
    assert statuses(own)[-1] == (COUNT + 1, WHOLE)
    assert "not noted outside the lake" in "".join(capsys.readouterr())


def test_kill_between_commit_and_file_leaves_a_whole_chain(own: Engine) -> None:
    certificates = Certificates(own.folder.keys)
    own.commit(SERVER, "erasure", lambda cursor: certificates.write(cursor, erased("not kept")))
    certify(own, certificates, erased("after"))
    assert statuses(own) == [(number, WHOLE) for number in range(1, COUNT + 3)]


def test_first_certificate_has_number_1_and_an_erasure_has_one_certificate(data: Path) -> None:
    with engine_on(data) as engine:
        certificates = Certificates(engine.folder.keys)
        assert statuses(engine) == []
        first = certify(engine, certificates, erased("e", key_hmacs=(), unproven=True))
        assert (first.place.number, first.signed["previous_link"], first.verdict) == (1, START, NOT_PROVEN)
        assert first.signed["surfaces_not_clean"] == ["write-ahead log"]
        with pytest.raises(AlreadyExists):
            certify(engine, certificates, erased("e"))
        assert certify(engine, certificates, erased("f")).verdict == PROVEN
        assert statuses(engine) == [(1, WHOLE), (2, WHOLE)]


def test_text_that_is_no_unicode_or_has_no_end_is_kept_whole_once(data: Path) -> None:
    with engine_on(data) as engine:
        certificates = Certificates(engine.folder.keys)
        odd = erased("e", reason="\udcff\0\n\"\\\x7f 'ü'" + "x" * 1000)
        certify(engine, certificates, odd)
        assert statuses(engine) == [(1, WHOLE)]


@pytest.mark.parametrize("surfaces", [(), [*erased("e").surfaces] * 2])
def test_erasure_without_surfaces_or_with_one_twice_is_none(surfaces: Any) -> None:
    with pytest.raises(AssertionError):
        erased("e", surfaces=surfaces)


def test_two_certificates_at_once_conflict(own: Engine, tmp_path: Path) -> None:
    two_at_once(own, own, Certificates(own.folder.keys), Certificates(other_keys(tmp_path)))


@pytest.mark.postgres
def test_two_servers_of_one_lake_conflict_and_continue_one_chain(tmp_path: Path, on_postgres: dict[str, str]) -> None:
    place = {"lake_catalog": on_postgres["LAKEHOUSE_LAKE_CATALOG"], "lake_data": str(tmp_path / "lake")}
    (tmp_path / "lake").mkdir()
    with engine_on(tmp_path / "one", **place) as one, engine_on(tmp_path / "two", **place) as two:
        two_at_once(one, two, Certificates(one.folder.keys), Certificates(two.folder.keys))


def two_at_once(one: Engine, two: Engine, first: Certificates, second: Certificates) -> None:
    before = len(statuses(one))
    slower = two.cursor(SERVER)
    slower.execute("BEGIN")
    second.write(slower, erased("slower"))
    certify(one, first, erased("faster"))
    with pytest.raises(Conflict):
        slower.execute("COMMIT")
    slower.close()
    certify(two, second, erased("slower"))
    trusted = frozenset([first.signer.public_key, second.signer.public_key])
    for engine, certificates in ((one, first), (two, second)):
        found = verify(engine, certificates.anchor, trusted)
        assert [checked.status for checked in found] == [WHOLE] * (before + 2)
        assert found[-1].erasure_id == "slower"


def test_folder_of_keys_has_no_other_files(written: Path) -> None:
    assert {file.name for file in DataFolder(written).keys.iterdir()} == {KEY_FILE, ANCHOR_FILE}
    assert (DataFolder(written).keys / KEY_FILE).stat().st_mode & 0o077 == 0
