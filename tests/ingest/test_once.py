"""The same bytes load once per dataset, and a dataset is the same by every spelling of its name."""

import threading
from typing import Any

import pytest

from clients.python import LakehouseError, Operations
from tests.harness import Server
from tests.ingest.sending import send

FIRST, SECOND = b"a,b\n1,x\n2,y\n", b"a,b\n3,z\n"


def count(server: Server, dataset: str) -> int:
    return int(server.rows(f"SELECT count(*) AS n FROM {dataset}")[0]["n"])


@pytest.mark.parametrize("mode", ["create", "append", "create_append", "replace"])
def test_same_bytes_load_once_and_the_answer_says_so(server: Server, operations: Operations, mode: str) -> None:
    dataset = f"once_{mode}"
    first = send(operations, dataset, FIRST, "first.csv")
    again = send(operations, dataset, FIRST, "other-name.csv", mode=mode)
    assert (again["loaded"], again["rows"], again["ingest_id"]) == (False, 0, first["ingest_id"])
    assert "other-name.csv was loaded before" in again["message"]
    assert count(server, dataset) == 2
    assert count(server, f"catalog.ingests WHERE dataset = '{dataset}'") == 1


def test_other_spellings_of_a_name_are_the_same_dataset(server: Server, operations: Operations) -> None:
    server.rows("CREATE SCHEMA spelled")
    for dataset, others in {"Spelling": ("spelling", "main.SPELLING"), "spelled.t": ("SPELLED.T",)}.items():
        send(operations, dataset, FIRST)
        for other in others:
            row = send(operations, other, FIRST)
            assert (row["dataset"], row["loaded"]) == (dataset, False)
            assert send(operations, other, b"a,b\n9," + other.encode() + b"\n")["dataset"] == dataset
        assert count(server, dataset) == 2 + len(others)


def test_same_bytes_load_into_another_dataset(server: Server, operations: Operations) -> None:
    assert send(operations, "one_place", FIRST)["loaded"]
    assert send(operations, "another_place", FIRST)["loaded"]


@pytest.mark.parametrize(
    "made_anew",
    [
        ["DROP TABLE {0}"],
        ["DROP TABLE {0}", "CREATE TABLE {0} (a BIGINT, b VARCHAR)"],
        ["CREATE OR REPLACE TABLE {0} (a BIGINT, b VARCHAR)"],
    ],
)
def test_same_bytes_load_again_into_a_table_that_was_made_anew(
    server: Server, operations: Operations, made_anew: list[str]
) -> None:
    dataset = f"anew_{len(made_anew)}_{len(made_anew[0])}"
    send(operations, dataset, FIRST)
    for statement in made_anew:
        server.rows(statement.format(dataset))
    assert send(operations, dataset, FIRST)["loaded"]
    assert count(server, dataset) == 2


def test_bytes_stay_known_after_the_table_was_altered(server: Server, operations: Operations) -> None:
    send(operations, "altered_since", FIRST)
    server.rows("ALTER TABLE altered_since ADD COLUMN c INTEGER")
    server.rows("UPDATE altered_since SET c = 1")
    assert not send(operations, "altered_since", FIRST)["loaded"]


def test_replacing_by_known_bytes_loads_them_if_the_table_has_changed_since(
    server: Server, operations: Operations
) -> None:
    send(operations, "restored", FIRST)
    send(operations, "restored", SECOND)
    assert send(operations, "restored", FIRST, mode="replace")["loaded"]
    assert count(server, "restored") == 2
    server.rows("DELETE FROM restored WHERE a = 1")
    assert send(operations, "restored", FIRST, mode="replace")["loaded"]
    assert not send(operations, "restored", FIRST, mode="replace")["loaded"]
    assert count(server, "restored") == 2


def test_record_tells_what_the_load_did(server: Server, operations: Operations) -> None:
    send(operations, "recorded", FIRST, "first.csv")
    send(operations, "recorded", SECOND, "second.csv")
    send(operations, "recorded", FIRST, "third.csv", mode="replace")
    rows = server.rows(
        "SELECT file_name, format, mode, row_count, file_bytes, actor, ingested_at <= now() AS past "
        "FROM catalog.ingests WHERE dataset = 'recorded' ORDER BY ingested_at"
    )
    common: dict[str, Any] = {"format": "csv", "actor": "admin", "past": True}
    assert rows == [
        {"file_name": "first.csv", "mode": "create", "row_count": 2, "file_bytes": len(FIRST)} | common,
        {"file_name": "second.csv", "mode": "append", "row_count": 1, "file_bytes": len(SECOND)} | common,
        {"file_name": "third.csv", "mode": "replace", "row_count": 2, "file_bytes": len(FIRST)} | common,
    ]
    commits = server.rows(
        "SELECT author FROM catalog.snapshots WHERE commit_message = 'ingest second.csv into recorded'"
    )
    assert commits == [{"author": "admin"}]


def test_two_clients_with_the_same_file_load_it_once(server: Server) -> None:
    content = b"a\n" + b"".join(b"%d\n" % n for n in range(50_000))
    rows: list[dict[str, Any]] = []
    together = threading.Barrier(2)

    def load(dataset: str) -> None:
        with server.operations() as own:
            together.wait()
            rows.append(send(own, dataset, content))

    threads = [threading.Thread(target=load, args=[name]) for name in ("Contested", "contested")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row["loaded"] for row in rows) == [False, True]
    assert count(server, "contested") == 50_000


def test_mode_create_refuses_a_dataset_that_is_there(server: Server, operations: Operations) -> None:
    send(operations, "there_already", FIRST)
    with pytest.raises(LakehouseError, match="already exists"):
        send(operations, "there_already", SECOND, mode="create")
    assert count(server, "there_already") == 2


def test_mode_append_refuses_a_dataset_that_is_not_there(operations: Operations) -> None:
    with pytest.raises(LakehouseError, match="does not exist"):
        send(operations, "not_there_yet", FIRST, mode="append")
