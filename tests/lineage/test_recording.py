"""Edges are kept with the commit of their statement, follow what is renamed, and are written once."""

import pytest
from adbc_driver_manager import dbapi

from tests.harness import Server, manual, query
from tests.lineage.reading import edges_into


def rows_recorded(connection: dbapi.Connection, target: str) -> int:
    sql = "SELECT count(*) AS n FROM catalog.lineage_events WHERE target_name = ?"
    return int(query(connection, sql, (target,))["n"][0].as_py())


def test_edges_are_in_the_commit_of_their_statement(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_one AS SELECT 1 AS a")
    before = query(connection, "SELECT max(snapshot_id) AS n FROM catalog.snapshots")["n"][0].as_py()
    query(connection, "CREATE TABLE linr_two AS SELECT a FROM linr_one")
    after = query(connection, "SELECT max(snapshot_id) AS n FROM catalog.snapshots")["n"][0].as_py()
    assert after == before + 1
    assert edges_into(connection, "linr_two") == {"a < linr_one.a IDENTITY"}


def test_transaction_records_at_its_commit_and_a_rollback_records_nothing(
    connection: dbapi.Connection, server: Server
) -> None:
    query(connection, "CREATE TABLE linr_base AS SELECT 1 AS a, 2 AS b")
    with manual(server) as client, client.cursor() as cursor:
        cursor.execute("CREATE TABLE linr_undone AS SELECT a FROM linr_base")
        client.rollback()
        cursor.execute("CREATE TABLE linr_first AS SELECT a, b FROM linr_base")
        cursor.execute("CREATE TABLE linr_second AS SELECT a + b AS c FROM linr_first")
        assert edges_into(connection, "linr_first") == frozenset()
        client.commit()
    assert rows_recorded(connection, "linr_undone") == 0
    assert edges_into(connection, "linr_first") == {"a < linr_base.a IDENTITY", "b < linr_base.b IDENTITY"}
    assert edges_into(connection, "linr_second") == {
        "c < linr_first.a TRANSFORMATION",
        "c < linr_first.b TRANSFORMATION",
    }


def test_rename_inside_the_transaction_that_made_the_table_is_followed(
    connection: dbapi.Connection, server: Server
) -> None:
    query(connection, "CREATE TABLE linr_root AS SELECT 1 AS a")
    with manual(server) as client, client.cursor() as cursor:
        cursor.execute("CREATE TABLE linr_draft AS SELECT a FROM linr_root")
        cursor.execute("ALTER TABLE linr_draft RENAME TO linr_final")
        cursor.execute("CREATE TABLE linr_draft AS SELECT 5 AS a")
        cursor.execute("INSERT INTO linr_draft SELECT a + 1 FROM linr_final")
        client.commit()
    assert edges_into(connection, "linr_final") == {"a < linr_root.a IDENTITY"}
    assert edges_into(connection, "linr_draft") == {"a < linr_final.a TRANSFORMATION"}


def test_renamed_tables_and_columns_show_under_their_new_names(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_old AS SELECT 1 AS a, 2 AS b")
    query(connection, "CREATE TABLE linr_copy AS SELECT a, b FROM linr_old")
    query(connection, "ALTER TABLE linr_old RENAME COLUMN a TO z")
    query(connection, "ALTER TABLE linr_old RENAME TO linr_new")
    query(connection, "ALTER TABLE linr_copy RENAME COLUMN b TO y")
    assert edges_into(connection, "linr_copy") == {"a < linr_new.z IDENTITY", "y < linr_new.b IDENTITY"}


def test_table_of_the_same_name_is_another_one(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_source AS SELECT 1 AS a")
    query(connection, "CREATE TABLE linr_same AS SELECT a FROM linr_source")
    query(connection, "DROP TABLE linr_same")
    query(connection, "CREATE TABLE linr_same AS SELECT 7 AS a")
    assert edges_into(connection, "linr_same") == frozenset()


def test_table_that_is_replaced_from_itself_comes_from_the_one_before(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_self AS SELECT 1 AS a")
    query(connection, "CREATE OR REPLACE TABLE linr_self AS SELECT a + 1 AS b FROM linr_self")
    sql = "SELECT source_dataset, source_exists FROM catalog.lineage WHERE target_dataset = 'linr_self'"
    assert query(connection, sql).to_pylist() == [{"source_dataset": "linr_self", "source_exists": False}]


def test_dropped_column_and_source_show_as_gone(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_gone AS SELECT 1 AS a, 2 AS b")
    query(connection, "CREATE TABLE linr_left AS SELECT a, b FROM linr_gone")
    query(connection, "ALTER TABLE linr_left DROP COLUMN b")
    assert edges_into(connection, "linr_left") == {"a < linr_gone.a IDENTITY"}
    query(connection, "DROP TABLE linr_gone")
    sql = "SELECT source_column, source_exists FROM catalog.lineage WHERE target_dataset = 'linr_left'"
    assert query(connection, sql).to_pylist() == [{"source_column": "a", "source_exists": False}]


def test_dropped_view_has_no_edges_and_a_replaced_one_only_its_own(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_under AS SELECT 1 AS a, 2 AS b")
    query(connection, "CREATE VIEW linr_view AS SELECT a FROM linr_under")
    query(connection, "CREATE OR REPLACE VIEW linr_view AS SELECT b FROM linr_under")
    assert edges_into(connection, "linr_view") == {"b < linr_under.b IDENTITY"}
    query(connection, "CREATE TABLE linr_over AS SELECT b FROM linr_view")
    query(connection, "CREATE OR REPLACE VIEW linr_view AS SELECT a AS b FROM linr_under")
    assert edges_into(connection, "linr_over") == {"b < linr_view.b IDENTITY"}
    query(connection, "DROP VIEW linr_view")
    assert edges_into(connection, "linr_view") == frozenset()


def test_insert_that_comes_again_adds_nothing(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_from AS SELECT 1 AS a")
    query(connection, "CREATE TABLE linr_again (a INTEGER)")
    for number in range(5):
        query(connection, f"INSERT INTO linr_again SELECT a + {number} FROM linr_from WHERE a < {number + 9}")
    assert rows_recorded(connection, "linr_again") == 2
    query(connection, "CREATE TABLE linr_unrelated (a INTEGER)")
    query(connection, "INSERT INTO linr_again SELECT a + 1 FROM linr_from WHERE a < 9")
    query(connection, "INSERT INTO linr_again SELECT a * 3 FROM linr_from")
    assert rows_recorded(connection, "linr_again") == 2


def test_insert_after_the_source_was_made_anew_is_recorded_again(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_anew AS SELECT 1 AS a")
    query(connection, "CREATE TABLE linr_fed (a INTEGER)")
    query(connection, "INSERT INTO linr_fed SELECT a FROM linr_anew")
    query(connection, "CREATE OR REPLACE TABLE linr_anew AS SELECT 2 AS a")
    query(connection, "INSERT INTO linr_fed SELECT a FROM linr_anew")
    sql = "SELECT source_exists FROM catalog.lineage WHERE target_dataset = 'linr_fed' ORDER BY ALL"
    assert query(connection, sql)["source_exists"].to_pylist() == [False, True]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "INSERT INTO linr_named (b, a) SELECT a, b FROM linr_pair",
            {"b < linr_pair.a IDENTITY", "a < linr_pair.b IDENTITY"},
        ),
        ("INSERT INTO linr_named BY NAME SELECT b AS a FROM linr_pair", {"a < linr_pair.b IDENTITY"}),
        (
            "INSERT INTO linr_named SELECT ?, b FROM linr_pair WHERE a = ?",
            {"b < linr_pair.b IDENTITY", "* < linr_pair.a FILTER"},
        ),
        (
            "WITH x AS (FROM linr_pair) INSERT INTO linr_named SELECT a, a FROM x",
            {"a < linr_pair.a IDENTITY", "b < linr_pair.a IDENTITY"},
        ),
        ("INSERT INTO linr_named VALUES ((SELECT max(a) FROM linr_pair), 1)", {"a < linr_pair.a AGGREGATION"}),
        (
            "UPDATE linr_named SET a = s.b FROM linr_pair s WHERE linr_named.b = s.a",
            {"a < linr_pair.b IDENTITY", "* < linr_pair.a FILTER"},
        ),
        ("UPDATE linr_named SET a = (SELECT max(b) FROM linr_pair)", {"a < linr_pair.b AGGREGATION"}),
        (
            "MERGE INTO linr_named t USING linr_pair s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b + t.b "
            "WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, s.b)",
            {
                "b < linr_pair.b TRANSFORMATION",
                "a < linr_pair.a IDENTITY",
                "b < linr_pair.b IDENTITY",
                "* < linr_pair.a JOIN",
            },
        ),
        ("INSERT INTO linr_named VALUES (1, 2)", set()),
        ("DELETE FROM linr_named WHERE a IN (SELECT a FROM linr_pair)", set()),
    ],
)
def test_every_way_to_write_is_read(connection: dbapi.Connection, statement: str, expected: set[str]) -> None:
    query(connection, "CREATE OR REPLACE TABLE linr_pair AS SELECT 1 AS a, 2 AS b")
    query(connection, "CREATE OR REPLACE TABLE linr_named (a INTEGER, b INTEGER)")
    query(connection, statement, (1, 1) if "?" in statement else None)
    assert edges_into(connection, "linr_named") == expected


def test_column_that_goes_into_another_of_its_table_is_an_edge(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_within AS SELECT 1 AS a, 2 AS b")
    query(connection, "UPDATE linr_within SET a = b * 2 FROM range(1) WHERE a > 0")
    assert edges_into(connection, "linr_within") == {"a < linr_within.b TRANSFORMATION"}


def test_temporary_tables_are_passed_through(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_before AS SELECT 1 AS a, 2 AS b")
    query(connection, "CREATE TEMP TABLE linr_between AS SELECT a + 1 AS c, b FROM linr_before WHERE b > 0")
    query(connection, "INSERT INTO linr_between SELECT b, a FROM linr_before")
    query(connection, "CREATE TABLE linr_beyond AS SELECT max(c) AS c FROM linr_between")
    assert edges_into(connection, "linr_beyond") == {
        "c < linr_before.a AGGREGATION",
        "c < linr_before.b AGGREGATION",
        "* < linr_before.b FILTER",
    }
    assert edges_into(connection, "linr_between") == frozenset()


def test_what_can_not_be_told_by_column_is_told_by_table(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_plain AS SELECT 1 AS a")
    query(connection, "CREATE MACRO linr_twice(n) AS TABLE SELECT n * 2 AS a")
    query(connection, "CREATE TABLE linr_coarse AS SELECT t.a FROM linr_twice(4) t, linr_plain")
    assert edges_into(connection, "linr_coarse") == {"* < linr_plain.* NONE"}


def test_copied_and_read_files_are_sources(connection: dbapi.Connection, server: Server) -> None:
    folder = server.data / "import"
    (folder / "linr_in.csv").write_text("a,b\n1,2\n")
    query(connection, f"CREATE TABLE linr_csv AS SELECT a FROM read_csv('{folder}/linr_in.csv')")
    query(connection, "CREATE TABLE linr_copied (a INTEGER, b INTEGER)")
    query(connection, f"COPY linr_copied FROM '{folder}/linr_in.csv'")
    assert edges_into(connection, "linr_csv") == {"* < linr_in.csv.* NONE"}
    assert edges_into(connection, "linr_copied") == {"* < linr_in.csv.* NONE"}
    query(connection, "CALL ingest_file(dataset := 'linr_ingested', path := 'linr_in.csv')")
    query(connection, "ALTER TABLE linr_ingested RENAME TO linr_taken_in")
    assert edges_into(connection, "linr_taken_in") == {"* < linr_in.csv.* NONE"}
    sql = "SELECT kind FROM catalog.lineage WHERE source_dataset = 'linr_in.csv'"
    assert set(query(connection, sql)["kind"].to_pylist()) == {"ingest"}


def test_texts_of_statements_are_kept_as_digests_that_the_query_log_has(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_logged AS SELECT 1 AS a")
    query(connection, "CREATE TABLE linr_told AS SELECT a FROM linr_logged")
    sql = (
        "SELECT count(*) AS n FROM catalog.query_log q JOIN catalog.lineage l USING (statement_hmac) "
        "WHERE l.target_dataset = 'linr_told' AND q.status = 'ok' AND l.actor = q.principal"
    )
    assert query(connection, sql)["n"][0].as_py() == 1


def test_tables_made_from_a_view_before_it_was_replaced_come_from_what_it_read(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_below AS SELECT 1 AS a")
    query(connection, "CREATE TABLE linr_beside AS SELECT 1 AS b")
    query(connection, "CREATE VIEW linr_turned AS SELECT a AS c FROM linr_below")
    query(connection, "CREATE VIEW linr_upon AS SELECT c FROM linr_turned")
    query(connection, "CREATE TABLE linr_then AS SELECT c FROM linr_turned")
    query(connection, "CREATE TABLE linr_later AS SELECT c FROM linr_upon")
    query(connection, "CREATE OR REPLACE VIEW linr_turned AS SELECT b AS c FROM linr_beside")
    query(connection, "CREATE TABLE linr_now AS SELECT c FROM linr_turned")
    assert edges_into(connection, "linr_upon") == {"c < linr_turned.c IDENTITY"}

    def targets(dataset: str) -> set[str]:
        sql = "SELECT DISTINCT target_dataset FROM column_targets(?) WHERE target_exists"
        return {row["target_dataset"] for row in query(connection, sql, (dataset,)).to_pylist()}

    assert targets("linr_below") == {"linr_then", "linr_later"}
    assert targets("linr_beside") == {"linr_turned", "linr_upon", "linr_later", "linr_now"}


def test_table_that_a_transaction_made_and_dropped_is_passed_through(
    connection: dbapi.Connection, server: Server
) -> None:
    query(connection, "CREATE TABLE linr_origin AS SELECT 1 AS a")
    with manual(server) as client, client.cursor() as cursor:
        cursor.execute("CREATE TABLE Linr_Stage AS SELECT a FROM linr_origin")
        cursor.execute("CREATE TABLE linr_staged AS SELECT a FROM linr_stage")
        cursor.execute("DROP TABLE LINR_STAGE")
        client.commit()
    sql = "SELECT source_dataset FROM column_sources('linr_staged')"
    assert {row["source_dataset"].lower() for row in query(connection, sql).to_pylist()} == {
        "linr_stage",
        "linr_origin",
    }


def test_another_column_of_the_same_name_is_recorded(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_reused AS SELECT 1 AS a")
    query(connection, "CREATE TABLE linr_reuser (a INTEGER)")
    query(connection, "INSERT INTO linr_reuser SELECT a FROM linr_reused")
    query(connection, "ALTER TABLE linr_reused RENAME COLUMN a TO b")
    query(connection, "ALTER TABLE linr_reused ADD COLUMN a INTEGER")
    query(connection, "INSERT INTO linr_reuser SELECT a FROM linr_reused")
    assert edges_into(connection, "linr_reuser") == {"a < linr_reused.b IDENTITY", "a < linr_reused.a IDENTITY"}
    query(connection, "ALTER TABLE linr_reuser RENAME COLUMN a TO b")
    query(connection, "ALTER TABLE linr_reuser ADD COLUMN a INTEGER")
    query(connection, "INSERT INTO linr_reuser (a) SELECT a FROM linr_reused")
    assert "a < linr_reused.a IDENTITY" in edges_into(connection, "linr_reuser")


def test_temporary_tables_do_not_hide_where_rows_come_from(connection: dbapi.Connection, server: Server) -> None:
    query(connection, "CREATE TABLE linr_real AS SELECT 1 AS a, 2 AS b")
    with server.connect() as session:
        query(session, "CREATE TEMP TABLE linr_vague AS SELECT * LIKE 'a%' FROM linr_real")
        query(session, "CREATE TABLE linr_of_vague AS SELECT * FROM linr_vague")
        query(session, "CREATE TABLE linr_vaguer AS SELECT * LIKE 'a%' FROM linr_vague")
        query(session, "CREATE TEMP TABLE linr_altered AS SELECT a FROM linr_real")
        query(session, "ALTER TABLE linr_altered RENAME COLUMN a TO z")
        query(session, "CREATE TABLE linr_of_altered AS SELECT z FROM linr_altered")
        query(session, "CREATE TEMP TABLE linr_namesake AS SELECT 1 AS a")
        query(session, "CREATE TABLE linr_namesake AS SELECT a FROM linr_real")
    for table in ("linr_of_vague", "linr_vaguer", "linr_of_altered"):
        assert edges_into(connection, table) == {"* < linr_real.* NONE"}
    assert edges_into(connection, "linr_namesake") == {"a < linr_real.a IDENTITY"}
    with manual(server) as client, client.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE linr_unmade AS SELECT 1 AS a")
        client.rollback()
        cursor.execute("CREATE TABLE linr_unmade (a INTEGER)")
        cursor.execute("INSERT INTO linr_unmade SELECT a FROM linr_real")
        client.commit()
    assert edges_into(connection, "linr_unmade") == {"a < linr_real.a IDENTITY"}


def test_column_of_using_is_that_of_its_own_join(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_left_k AS SELECT 1 AS k, 2 AS x")
    query(connection, "CREATE TABLE linr_right_k AS SELECT 1 AS k, 3 AS y")
    query(connection, "CREATE TABLE linr_third_k AS SELECT 1 AS k, 3 AS z")
    joined = "linr_left_k RIGHT JOIN linr_right_k USING (k)"
    query(connection, f"CREATE TABLE linr_using AS SELECT * FROM {joined} JOIN linr_third_k t ON t.z = y")
    assert {"k < linr_right_k.k IDENTITY", "k_1 < linr_third_k.k IDENTITY"} <= edges_into(connection, "linr_using")
    query(connection, f"CREATE TABLE linr_comma AS SELECT * FROM linr_third_k, {joined}")
    expected = {"k < linr_third_k.k IDENTITY", "k_1 < linr_right_k.k IDENTITY", "* < linr_left_k.k JOIN"}
    assert expected <= edges_into(connection, "linr_comma")
    query(connection, f"CREATE TABLE linr_inside AS SELECT * FROM linr_third_k t JOIN ({joined}) ON t.z = y")
    assert expected <= edges_into(connection, "linr_inside")


def test_column_by_its_number_and_queries_in_limits_are_read(connection: dbapi.Connection) -> None:
    query(connection, "CREATE TABLE linr_numbered AS SELECT 1 AS a, 2 AS b")
    query(connection, "CREATE TABLE linr_number AS SELECT 1 AS n")
    query(connection, "CREATE TABLE linr_second_of AS SELECT #2 AS c FROM linr_numbered")
    assert edges_into(connection, "linr_second_of") == {"* < linr_numbered.* NONE"}
    query(connection, "CREATE TABLE linr_limited AS SELECT a FROM linr_numbered LIMIT (SELECT n FROM linr_number)")
    assert edges_into(connection, "linr_limited") == {"a < linr_numbered.a IDENTITY", "* < linr_number.n FILTER"}
