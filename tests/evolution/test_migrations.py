"""Loads that need a person's word: what is proposed, and what becomes of it."""

import json
import threading
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from clients.python import LakehouseError, Operations
from tests.evolution.sending import FORMATS, proposals, refusal, schema, send, snapshots
from tests.harness import Server, manual, query

PEOPLE = [f"person {n}" for n in range(30)]


def make_people(server: Server, name: str) -> str:
    server.rows(f"CREATE OR REPLACE TABLE {name} (id BIGINT, cust_name VARCHAR)")
    server.rows(f"INSERT INTO {name} SELECT i, 'person ' || i FROM range(30) r(i)")
    return name


def rules(proposal: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(proposal["rules"])
    return found


def accept(operations: Operations, proposal: dict[str, Any]) -> dict[str, Any]:
    [row] = operations.call("accept_migration", proposal_id=proposal["proposal_id"])
    return row


@pytest.mark.parametrize("form", FORMATS)
def test_renamed_column_is_proposed_and_the_load_fits_once_it_is_accepted(
    server: Server, operations: Operations, form: str
) -> None:
    name = make_people(server, f"evo_renamed_{form}")
    text = refusal(server, name, form, id=[100], customerName=["person 3"])
    [proposal] = proposals(server, name)
    assert proposal["proposal_id"] in text
    assert "rename cust_name to customerName (confidence 0." in text
    assert "[migration_proposed]" in text or form != "stream"
    assert server.rows(f"SELECT count(*) AS n FROM {name}") == [{"n": 30}]
    [rule] = rules(proposal)
    assert (rule["kind"], rule["column"], rule["new_name"]) == ("rename", "cust_name", "customerName")
    assert proposal["status"] == "proposed"
    row = accept(operations, proposal)
    assert (row["status"], row["broken_views"]) == ("accepted", [])
    send(server, name, form, id=[100], customerName=["person 3"])
    assert server.rows(f"SELECT count(*) AS n, count(customerName) AS named FROM {name}") == [{"n": 31, "named": 31}]
    [change] = server.rows(
        "SELECT change, old_value, new_value, actor, source FROM catalog.schema_changes "
        "WHERE dataset = ? AND column_name IS NOT NULL",
        (name,),
    )
    assert change == {
        "change": "rename column",
        "old_value": "cust_name",
        "new_value": "customerName",
        "actor": "admin",
        "source": f"accept migration {proposal['proposal_id']} of {name}",
    }


def test_code_of_the_refusal_is_stable(server: Server, operations: Operations) -> None:
    from tests.ingest.sending import send as send_file

    name = make_people(server, "evo_code")
    with pytest.raises(LakehouseError) as error:
        send_file(operations, name, b"id,customer_name\n1,x\n")
    assert error.value.code == "migration_proposed"


@pytest.mark.parametrize("form", FORMATS)
def test_rejected_proposal_is_remembered(server: Server, operations: Operations, form: str) -> None:
    name = make_people(server, f"evo_rejected_{form}")
    refusal(server, name, form, id=[1], customer_name=["a"])
    [proposal] = proposals(server, name)
    operations.call("reject_migration", proposal_id=proposal["proposal_id"], reason="two different things")
    text = refusal(server, name, form, id=[2], customer_name=["b"], more=["c"])
    assert f"Migration {proposal['proposal_id']} was rejected by admin: two different things" in text
    [after] = proposals(server, name)
    assert (after["status"], after["reason"]) == ("rejected", "two different things")
    with pytest.raises(LakehouseError, match="is rejected already"):
        operations.call("reject_migration", proposal_id=proposal["proposal_id"])
    server.rows(f"ALTER TABLE {name} ADD COLUMN customer_name VARCHAR")
    send(server, name, form, id=[2], customer_name=["b"])
    assert schema(server, name) == {"id": "BIGINT", "cust_name": "VARCHAR", "customer_name": "VARCHAR"}


@pytest.mark.parametrize("form", ["parquet", "stream"])
def test_narrowing_that_would_lose_values_is_proposed_with_their_number(
    server: Server, operations: Operations, form: str
) -> None:
    name = f"evo_lossy_{form}"
    server.rows(f"CREATE OR REPLACE TABLE {name} (note VARCHAR, n DATE)")
    server.rows(f"INSERT INTO {name} VALUES ('a', DATE '2024-01-01'), ('b', NULL), ('c', DATE '2024-01-02')")
    text = refusal(server, name, form, note=["d"], n=[True])
    assert "retype n from DATE to BOOLEAN (2 of its values would be lost; as it is 1 new values would be)" in text
    [rule] = rules(proposals(server, name)[0])
    assert (rule["affected_rows"], rule["lost_values"], rule["arriving_lost_values"]) == (3, 2, 1)
    assert schema(server, name) == {"note": "VARCHAR", "n": "DATE"}
    accept(operations, proposals(server, name)[0])
    send(server, name, form, note=["d"], n=[True])
    assert server.rows(f"SELECT n FROM {name} ORDER BY note") == [{"n": None}, {"n": None}, {"n": None}, {"n": True}]


@pytest.mark.parametrize("form", ["parquet", "stream"])
def test_fractions_do_not_go_into_a_column_of_integers_unseen(
    server: Server, operations: Operations, form: str
) -> None:
    name = f"evo_fraction_{form}"
    server.rows(f"CREATE OR REPLACE TABLE {name} AS SELECT i AS n FROM range(5) r(i)")
    send(server, name, form, n=[7.0])
    assert schema(server, name) == {"n": "BIGINT"}
    text = refusal(server, name, form, n=[1.5, 2.0, 2.5])
    assert "retype n from BIGINT to DOUBLE (0 of its values would be lost; as it is 2 new values would be)" in text
    accept(operations, proposals(server, name)[0])
    send(server, name, form, n=[1.5, 2.0, 2.5])
    found = [row["n"] for row in server.rows(f"FROM {name} ORDER BY n")]
    assert found == [0.0, 1.0, 1.5, 2.0, 2.0, 2.5, 3.0, 4.0, 7.0]


def test_text_goes_into_a_column_of_numbers_as_a_proposal_only(server: Server, operations: Operations) -> None:
    server.rows("CREATE OR REPLACE TABLE evo_text AS SELECT 5 AS n")
    refusal(server, "evo_text", "stream", n=["12", "n/a"])
    [proposal] = proposals(server, "evo_text")
    name = '"lakehouse"."main"."evo_text"'
    assert accept(operations, proposal)["statements"] == [
        f'ALTER TABLE {name} ADD COLUMN "__converted_n" VARCHAR',
        f'UPDATE {name} SET "__converted_n" = TRY_CAST("n" AS VARCHAR)',
        f'ALTER TABLE {name} DROP COLUMN "n"',
        f'ALTER TABLE {name} RENAME COLUMN "__converted_n" TO "n"',
    ]
    send(server, "evo_text", "stream", n=["12", "n/a"])
    assert [row["n"] for row in server.rows("FROM evo_text ORDER BY n")] == ["12", "5", "n/a"]


def test_data_without_a_column_of_the_table_are_asked_about(server: Server, operations: Operations) -> None:
    name = make_people(server, "evo_strangers")
    text = refusal(server, name, "stream", weight=[1.5])
    assert "add weight DOUBLE" in text
    assert schema(server, name) == {"id": "BIGINT", "cust_name": "VARCHAR"}
    accept(operations, proposals(server, name)[0])
    send(server, name, "stream", weight=[1.5])


def test_values_are_nowhere_in_a_proposal(server: Server) -> None:
    server.rows("CREATE OR REPLACE TABLE evo_secret (id BIGINT, mail VARCHAR, n INTEGER)")
    server.rows("INSERT INTO evo_secret VALUES (1, 'ada@example.org', 5)")
    text = refusal(server, "evo_secret", "stream", id=[1], mail_address=["ada@example.org"], n=["not-a-number"])
    told = text + str(server.rows("FROM catalog.migration_proposal_events WHERE dataset = 'evo_secret'"))
    assert "rename" in told
    assert "example.org" not in told
    assert "not-a-number" not in told


def test_same_load_again_finds_its_proposal(server: Server) -> None:
    name = make_people(server, "evo_again")
    texts = {refusal(server, name, form, id=[1], customer_name=["a"]) for form in FORMATS}
    [proposal] = proposals(server, name)
    assert all(proposal["proposal_id"] in text for text in texts)


def test_proposal_is_stale_once_the_table_has_changed(server: Server, operations: Operations) -> None:
    name = make_people(server, "evo_stale")
    refusal(server, name, "stream", id=[1], customer_name=["a"])
    server.rows(f"ALTER TABLE {name} ADD COLUMN other BIGINT")
    [proposal] = proposals(server, name)
    with pytest.raises(LakehouseError, match="is stale: evo_stale has changed"):
        accept(operations, proposal)
    refusal(server, name, "stream", id=[1], customer_name=["a"])
    old, new = proposals(server, name)
    assert (old["proposal_id"], old["status"], new["status"]) == (proposal["proposal_id"], "replaced", "proposed")
    accept(operations, new)
    with pytest.raises(LakehouseError, match="is replaced already"):
        accept(operations, old)
    with pytest.raises(LakehouseError, match="is accepted already"):
        accept(operations, new)


def test_proposal_of_a_table_that_is_gone_is_refused(server: Server, operations: Operations) -> None:
    name = make_people(server, "evo_gone")
    refusal(server, name, "stream", id=[1], customer_name=["a"])
    server.rows(f"DROP TABLE {name}")
    with pytest.raises(LakehouseError, match="is gone") as error:
        accept(operations, proposals(server, name)[0])
    assert error.value.code == "not_found"
    with pytest.raises(LakehouseError, match="there is no migration 'nope'"):
        operations.call("accept_migration", proposal_id="nope")


def test_views_that_break_are_named(server: Server, operations: Operations) -> None:
    name = make_people(server, "evo_viewed")
    server.rows(f"CREATE OR REPLACE VIEW evo_named AS SELECT upper(cust_name) AS u FROM {name}")
    server.rows("CREATE OR REPLACE VIEW evo_over AS SELECT u FROM evo_named")
    server.rows(f"CREATE OR REPLACE VIEW evo_fine AS SELECT id FROM {name}")
    refusal(server, name, "stream", id=[1], customer_name=["a"])
    [proposal] = proposals(server, name)
    assert sorted(proposal["broken_views"]) == ["evo_named", "evo_over"]
    assert server.rows("SELECT count(*) AS n FROM evo_over") == [{"n": 30}]
    server.rows("DROP VIEW evo_over")
    assert accept(operations, proposal)["broken_views"] == ["evo_named"]


def at_once(work: Any, count: int) -> list[Any]:
    together, results = threading.Barrier(count), list[Any]()

    def run(number: int) -> None:
        together.wait()
        try:
            results.append(work(number))
        except (LakehouseError, dbapi.Error) as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_loads_at_once_make_one_proposal(server: Server) -> None:
    name = make_people(server, "evo_rush")
    texts = at_once(lambda n: refusal(server, name, FORMATS[n % 3], id=[n], customer_name=["a"]), 6)
    [proposal] = proposals(server, name)
    assert all(proposal["proposal_id"] in text for text in texts)


def test_of_two_acceptances_at_once_one_wins(server: Server) -> None:
    name = make_people(server, "evo_both")
    refusal(server, name, "stream", id=[1], customer_name=["a"])
    [proposal] = proposals(server, name)

    def work(_: int) -> str:
        with server.operations() as own:
            return str(accept(own, proposal)["status"])

    results = at_once(work, 4)
    assert results.count("accepted") == 1
    others = [result for result in results if result != "accepted"]
    assert all("is accepted already" in str(other) for other in others)
    assert len(snapshots(server, name)) == 2


def test_of_two_proposals_the_second_is_stale_after_the_first(server: Server, operations: Operations) -> None:
    name = make_people(server, "evo_rivals")
    refusal(server, name, "stream", id=[1], customer_name=["a"])
    refusal(server, name, "stream", id=[1], CustName2=["a"])
    one, other = proposals(server, name)
    accept(operations, other)
    with pytest.raises(LakehouseError, match="is stale"):
        accept(operations, one)


def test_table_that_others_do_not_see_yet_gets_no_proposal(server: Server) -> None:
    name = make_people(server, "evo_unseen")
    with manual(server) as connection:
        query(connection, f"ALTER TABLE {name} ADD COLUMN mine BIGINT")
        with pytest.raises(dbapi.Error, match="commit its changes first"), connection.cursor() as cursor:
            cursor.adbc_ingest(name, pa.table({"id": [1], "customer_name": ["a"]}), mode="append")
        connection.rollback()
    assert proposals(server, name) == []


def test_case_of_a_letter_beyond_a_to_z_is_a_rename(server: Server, operations: Operations) -> None:
    server.rows('CREATE OR REPLACE TABLE evo_umlaut (id BIGINT, "Größe_Ä" BIGINT)')
    refusal(server, "evo_umlaut", "stream", ID=[1], größe_ä=[2])
    accept(operations, proposals(server, "evo_umlaut")[0])
    send(server, "evo_umlaut", "stream", ID=[1], größe_ä=[2])
    assert schema(server, "evo_umlaut") == {"id": "BIGINT", "größe_ä": "BIGINT"}


def test_error_of_very_many_steps_names_some_and_counts_the_rest(server: Server) -> None:
    server.rows(f"CREATE OR REPLACE TABLE evo_many ({', '.join(f'c{n} BIGINT' for n in range(120))})")
    text = refusal(server, "evo_many", "stream", **{f"C_{n}": [n] for n in range(120)})
    assert "rename c19 to C_19 (confidence 0.80); and 100 more" in text
    assert len(rules(proposals(server, "evo_many")[0])) == 120


@pytest.fixture
def tombstoned(server: Server, operations: Operations) -> str:
    name = make_people(server, "evo_tombstoned")
    operations.call("tombstone", dataset=name, key_column="id", key_values=[7])
    return name


def test_rows_that_were_taken_away_come_back_under_the_new_name(
    server: Server, operations: Operations, tombstoned: str
) -> None:
    refusal(server, tombstoned, "stream", id=[100], customer_name=["a"])
    accept(operations, proposals(server, tombstoned)[0])
    operations.call("untombstone", dataset=tombstoned, key_values=[7])
    assert server.rows(f"SELECT customer_name FROM {tombstoned} WHERE id = 7") == [{"customer_name": "person 7"}]


def test_key_of_suppressed_rows_keeps_its_name(server: Server, operations: Operations) -> None:
    name = make_people(server, "evo_keyed")
    operations.call("tombstone", dataset=name, key_column="cust_name", key_values=["person 7"])
    refusal(server, name, "stream", id=[100], customer_name=["a"])
    with pytest.raises(LakehouseError, match="cust_name is the key of suppressed rows"):
        accept(operations, proposals(server, name)[0])


def test_suppressed_rows_are_held_back_from_a_load_that_adds_a_column(server: Server, operations: Operations) -> None:
    name = make_people(server, "evo_held")
    operations.call("tombstone", dataset=name, key_column="id", key_values=[7])
    send(server, name, "stream", id=[7, 200], more=["x", "y"])
    assert server.rows(f"SELECT id FROM {name} WHERE more IS NOT NULL") == [{"id": 200}]


@pytest.mark.parametrize("form", ["parquet", "stream"])
@pytest.mark.parametrize(
    ("kind", "text", "more"),
    [
        ("DATE", "2024-01-02", "2024-01-02 23:59:59"),
        ("TIMESTAMP", "2024-01-02 03:04:05", "2024-01-02 03:04:05+05"),
        ("TIMESTAMP_S", "2024-01-02 03:04:05", "2024-01-02 03:04:05.75"),
        ("TIME", "03:04:05", "2024-01-02 03:04:05"),
    ],
)
def test_text_that_tells_more_than_the_type_holds_is_not_cut_unseen(
    server: Server, form: str, kind: str, text: str, more: str
) -> None:
    name = f"evo_cut_{form}"
    server.rows(f"CREATE OR REPLACE TABLE {name} (t {kind})")
    send(server, name, form, t=[text])
    assert f"retype t from {kind} to VARCHAR" in refusal(server, name, form, t=[text, more])
    assert len(server.rows(f"FROM {name}")) == 1


def test_migration_that_would_lose_more_than_it_told_is_stale(server: Server, operations: Operations) -> None:
    server.rows("CREATE OR REPLACE TABLE evo_worse AS SELECT 1::BIGINT AS n")
    refusal(server, "evo_worse", "stream", n=[1.5])
    server.rows("INSERT INTO evo_worse VALUES (9007199254740993)")
    with pytest.raises(
        LakehouseError, match=r"is stale: values of evo_worse have changed.*1 of its values would be lost"
    ):
        accept(operations, proposals(server, "evo_worse")[0])
    assert schema(server, "evo_worse") == {"n": "BIGINT"}
    assert "1 of its values would be lost" in refusal(server, "evo_worse", "stream", n=[1.5])
    old, new = proposals(server, "evo_worse")
    assert (old["status"], new["status"]) == ("replaced", "proposed")
    server.rows("DELETE FROM evo_worse WHERE n > 1")
    accept(operations, new)
    assert schema(server, "evo_worse") == {"n": "DOUBLE"}


def test_first_row_of_a_file_without_a_header_is_kept_nowhere(server: Server) -> None:
    server.rows("CREATE OR REPLACE TABLE evo_headless AS SELECT 'x' AS name, 'y' AS mail")
    told = refusal(server, "evo_headless", "csv", **{"Ada King": ["Max Plain"], "ada@example.org": ["m@example.org"]})
    told += str(server.rows("FROM catalog.migration_proposal_events WHERE dataset = 'evo_headless'"))
    assert "is its first line a header?" in told
    assert "Ada" not in told
    assert "example.org" not in told
