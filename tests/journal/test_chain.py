"""The hash chain: whoever changes, removes or adds events behind the server's back shows."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.engine import Engine
from server.journal.chain import START, link
from server.journal.event import Event, batch_of, events_of
from server.journal.heads import Anchor, Head, Seal, is_signed
from server.journal.verifying import Verdict, verify
from tests.harness import Server
from tests.journal.asking import flush, history, verdict
from tests.journal.lake import change, opened
from tests.journal.test_append import append

EVENTS = 7  # with the one by which it begins


def told(server: Server, *keys: str) -> None:
    append(server, *[{"dataset": "d", "key": key, "new_value": f"value of {key}"} for key in keys])
    flush(server)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that has stopped, with EVENTS events in its journal, two to a commit."""
    data = tmp_path_factory.mktemp("chain") / "data"
    with Server(data) as server:
        for number in range(0, EVENTS - 1, 2):
            told(server, str(number), str(number + 1))
        assert verdict(server) == {
            "intact": True,
            "event_count": EVENTS,
            "head_sequence": EVENTS,
            "broken_at": None,
            "problem": None,
        }
    return data


@pytest.fixture
def forged(written: Path, data: Path) -> Path:
    shutil.copytree(written, data)
    return data


@pytest.mark.parametrize(
    ("forgery", "broken_at", "problem"),
    [
        ("UPDATE journal_events SET actor = 'somebody' WHERE sequence = 3", 3, "not what the chain says"),
        ("UPDATE journal_events SET sealed = 'x'::BLOB WHERE sequence = 1", 1, "not what the chain says"),
        (
            "UPDATE journal_events SET occurred_at = occurred_at - INTERVAL 1 day WHERE sequence = 7",
            7,
            "not what the chain says",
        ),
        ("DELETE FROM journal_events WHERE sequence = 4", 4, "the event is missing"),
        ("DELETE FROM journal_events WHERE sequence <= 2", 1, "events 1 to 2 are missing"),
        ("DELETE FROM journal_events WHERE sequence > 4", 5, "events 5 to 7 are missing at the end"),
        ("DELETE FROM journal_events", 1, "events 1 to 7 are missing at the end"),
        ("INSERT INTO journal_events FROM journal_events WHERE sequence = 2", 3, "twice"),
        (
            "INSERT INTO journal_events SELECT * REPLACE (8 AS sequence) FROM journal_events WHERE sequence = 7",
            8,
            "not what the chain says",
        ),
        ("UPDATE journal_heads SET read_snapshot = 1", 7, "signature is wrong"),
        ("DELETE FROM journal_heads", 0, "0 heads"),
    ],
)
def test_what_was_done_behind_the_server_is_found(forged: Path, forgery: str, broken_at: int, problem: str) -> None:
    change(forged, forgery)
    found = verified(forged)
    assert found.broken_at == broken_at
    assert problem in (found.problem or "")


def verified(data: Path) -> Verdict:
    """What the operation would tell, without the seconds that a server takes to start."""
    folder = DataFolder(data)
    engine = Engine(Settings(data=data), folder)
    try:
        return verify(engine, Anchor(folder.keys), Seal(folder.keys).public_key)
    finally:
        engine.close()


def test_a_chain_that_was_computed_anew_does_not_fit_the_anchor(forged: Path) -> None:
    """Everything that is in the lake is forged to fit; what the server keeps outside it tells."""
    kept = (forged / "keys" / "journal-head").read_text()
    (forged / "keys" / "journal-head").write_text(kept.replace(kept[-10:-2], "00000000"))
    assert verified(forged).broken_at == EVENTS


def test_an_older_lake_put_back_is_told_in_the_journal_and_stays_visible(written: Path, data: Path) -> None:
    shutil.copytree(written, data)
    with Server(data) as server:
        told(server, "lost")
        server.stop()
        for name in ("catalog", "lake"):
            shutil.rmtree(data / name)
            shutil.copytree(written / name, data / name)
        server.start()
        told(server, "after")
        found = verdict(server)
        assert (found["intact"], found["broken_at"]) == (False, EVENTS + 1)
        [gap] = server.rows("SELECT * FROM catalog.journal WHERE change = 'gap'")
        assert gap["detail"] == f"events {EVENTS + 1} to {EVENTS + 1} are not in the lake any more"
        assert len(history(server, "d", "after")) == 1


def test_a_server_with_other_keys_does_not_write_into_the_chain(forged: Path) -> None:
    (forged / "keys" / "journal-signing").unlink()
    with Server(forged, "--log-level", "error") as server:
        with pytest.raises(LakehouseError, match="another server keeps the journal"):
            append(server, {"dataset": "d", "key": "foreign"})
        with pytest.raises(dbapi.Error, match="another server keeps the journal"):
            flush(server)
        assert "another server keeps the journal" in verdict(server)["problem"]
        assert server.rows("SELECT max(sequence) AS n FROM catalog.journal") == [{"n": EVENTS}]
        assert "another server keeps the journal" in server.log.read_text()


def event(**changes: object) -> Event:
    values: dict[str, object] = dict.fromkeys(Event._fields)
    return Event(**values | {"change": "update", "occurred_at": 1} | changes)  # type: ignore[arg-type]


def test_events_that_differ_have_links_that_differ() -> None:
    events = [event(), event(field=""), event(field="a", detail="b"), event(field="ab", detail=""), event(row_id=1)]
    links = {link(START, 1, one) for one in events} | {link(START, 2, events[0]), link(b"x" * 32, 1, events[0])}
    assert len(links) == len(events) + 2


@pytest.mark.parametrize("field", Event._fields)
def test_every_column_of_an_event_is_in_its_link(field: str) -> None:
    number = field in ("occurred_at", "snapshot_id", "row_id", "key_number")
    values: list[object] = [2, 3] if number else [b"x", b"y"] if field == "sealed" else ["x", "y"]
    links = {link(START, 1, event(**{field: value})) for value in values}
    if field not in ("change", "occurred_at"):  # these two are never NULL
        links.add(link(START, 1, event(**{field: None})))
    assert len(links) == (2 if field in ("change", "occurred_at") else 3)


@pytest.mark.parametrize(
    "change", [{"sequence": 2}, {"chain": b"x" * 32}, {"read_snapshot": 2}, {"log_id": "b"}, {"log_sequence": 2}]
)
def test_every_part_of_the_head_is_signed_and_by_this_server(tmp_path: Path, change: dict[str, Any]) -> None:
    head = Head(1, b"y" * 32, 1, "a", 1)
    (tmp_path / "other").mkdir()
    own, other = Seal(tmp_path), Seal(tmp_path / "other")
    assert is_signed(head, own.sign(head), own.public_key)
    assert not is_signed(replace(head, **change), own.sign(head), own.public_key)
    assert not is_signed(head, other.sign(head), own.public_key)
    assert not is_signed(head, own.sign(head), "no key")


def test_head_signed_anew_by_whoever_has_no_key_of_the_server_is_found(forged: Path) -> None:
    (forged.parent / "forger").mkdir()
    forger = Seal(forged.parent / "forger")
    with opened(forged) as lake:
        [row] = lake.execute(
            "SELECT sequence, chain, read_snapshot, log_id, log_sequence FROM journal_heads"
        ).fetchall()
        signature = forger.sign(Head(*row))
        lake.execute("UPDATE journal_heads SET public_key = ?, signature = ?", [forger.public_key, signature])
    assert "another server keeps the journal" in (verified(forged).problem or "")


def test_events_are_read_as_they_were_written() -> None:
    events = [event(sealed=b"\0\xff", key_number=3), event(dataset="é", snapshot_id=7)]
    assert events_of(batch_of(events)) == events
