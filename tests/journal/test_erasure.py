"""A subject whose key is destroyed: its values are read by nobody any more, and the chain is whole."""

import itertools
from pathlib import Path

from server.access.keys import secret_key
from server.journal.sealing import ERASED, Sealing
from server.journal.subject_keys import FILE, SubjectKeys
from tests.harness import Server
from tests.journal.asking import flush, history, journalled, verdict
from tests.journal.lake import opened
from tests.journal.test_append import append


def sealing_of(data: Path) -> Sealing:
    """What the server of a data folder seals by; it must be stopped."""
    keys = data / "keys"
    return Sealing(SubjectKeys(keys), secret_key(keys, "journal-hmac"))


def test_values_of_a_destroyed_key_are_gone_and_history_says_erased(data: Path) -> None:
    with Server(data) as server:
        server.rows("CREATE TABLE people (id VARCHAR, name VARCHAR)")
        journalled(server, "people", "id")
        server.rows("INSERT INTO people VALUES ('ann', 'a unique marker'), ('bob', 'another marker')")
        server.rows("UPDATE people SET name = 'a second marker' WHERE id = 'ann'")
        append(server, {"dataset": "people", "key": "ann", "new_value": "a third marker"})
        server.rows("DROP TABLE people")
        assert len(history(server, "people", "ann")) == 3
        server.stop()

        sealing = sealing_of(data)
        subject = sealing.subject("people", "ann")
        key = sealing.keys.made([subject])[subject][1]
        assert sealing.keys.destroy([subject]) == 1
        sealing.keys.close()

        server.start()
        rows = server.rows("FROM entity_history('people', 'ann') WHERE status IS NOT NULL")
        assert [(row["old_value"], row["new_value"], row["status"]) for row in rows] == [(None, None, ERASED)] * 3
        assert {row["status"] for row in server.rows("FROM cell_history('people', 'ann', 'name')")} == {ERASED}
        assert [change[3] for change in history(server, "people", "bob")] == ['{"id":"bob","name":"another marker"}']
        assert verdict(server)["problem"] is None
        append(server, {"dataset": "people", "key": "ann", "new_value": "new"})
        assert history(server, "people", "ann")[-1] == ("update", None, None, "new")
        flush(server)
        server.stop()
    assert_nothing_opens_it(data, subject, key)


def assert_nothing_opens_it(data: Path, subject: bytes, key: bytes) -> None:
    """The key is in no file, and no key that there is opens what it sealed."""
    for file in (file for file in data.rglob("*") if file.is_file()):
        content = file.read_bytes()
        assert key not in content, file
        assert key.hex().encode() not in content, file
    with opened(data) as connection:
        sealed = connection.execute(
            "SELECT key_number, sealed FROM journal_events WHERE entity_hmac = ? ORDER BY sequence", [subject.hex()]
        ).fetchall()
    sealing = sealing_of(data)
    numbers = range(1, (data / "keys" / FILE).stat().st_size // 64)
    assert len(sealed) == 4
    for number, (_, text) in itertools.product(numbers, sealed[:3]):
        values, _ = sealing.open(subject, number, bytes(text))
        assert values is None
