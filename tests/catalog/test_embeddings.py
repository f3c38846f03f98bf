"""catalog.embeddings: what is embedded of a dataset, by what policy, and whether it is behind."""

from typing import Any

from tests.harness import Server


def index(server: Server, name: str) -> dict[str, Any]:
    """Make a dataset and an index of it; the index's row."""
    server.rows(f"CREATE TABLE of_{name} AS SELECT 1 AS id, 'a text to embed' AS body")
    server.rows(
        f"CALL create_index(name := '{name}', dataset := 'of_{name}', key_column := 'id', text_columns := ['body'], "
        "wait := true)"
    )
    return shown(server, name)


def shown(server: Server, name: str) -> dict[str, Any]:
    [row] = server.rows(f"FROM catalog.embeddings WHERE index_name = '{name}'")
    return row


def test_what_is_embedded_is_stale_from_a_change_of_its_rows_until_it_is_refreshed(server: Server) -> None:
    row = index(server, "embedded_once")
    assert (row["dataset"], row["source_columns"], row["stale"]) == ("of_embedded_once", ["body"], False)
    server.rows("INSERT INTO of_embedded_once VALUES (2, 'another')")
    assert shown(server, "embedded_once")["stale"] is True
    server.rows("CALL refresh_index(name := 'embedded_once', wait := true)")
    assert shown(server, "embedded_once")["stale"] is False


def test_a_schedule_that_refreshes_an_index_is_its_policy(server: Server) -> None:
    row = index(server, "embedded_nightly")
    assert (row["policy"], row["refreshed_by"]) == ("on demand", None)
    server.rows(
        "CALL create_schedule(name := 'nightly_embedding', cron := '0 3 * * *', operation := 'refresh_index', "
        "arguments := {'name': 'Embedded_Nightly'})"
    )
    row = shown(server, "embedded_nightly")
    assert (row["policy"], row["refreshed_by"]) == ("scheduled", ["0 3 * * *"])
    server.rows("CALL drop_schedule(name := 'nightly_embedding')")
    assert shown(server, "embedded_nightly")["policy"] == "on demand"
