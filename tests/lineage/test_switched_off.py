"""The setting that turns the recording of lineage off."""

from pathlib import Path

from tests.harness import Server


def test_no_edge_is_recorded_where_lineage_is_off(tmp_path: Path) -> None:
    with Server(tmp_path / "data", environment={"LAKEHOUSE_LINEAGE": "false"}) as server:
        server.rows("CREATE TABLE source AS SELECT 1 AS id")
        server.rows("CREATE TABLE target AS FROM source")
        assert server.rows("FROM catalog.lineage WHERE target_dataset = 'target'") == []
    with Server(tmp_path / "data") as server:
        server.rows("CREATE TABLE another AS FROM source")
        found = server.rows("SELECT DISTINCT target_dataset FROM catalog.lineage WHERE source_dataset = 'source'")
        assert found == [{"target_dataset": "another"}]
