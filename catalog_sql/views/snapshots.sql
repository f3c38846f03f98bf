-- Every commit of the lake: who, when, why and what it changed.
CREATE OR REPLACE VIEW lakehouse.catalog.snapshots AS
SELECT s.snapshot_id, s.snapshot_time AS committed_at, s.schema_version, c.author, c.commit_message, c.changes_made
FROM __ducklake_metadata_lakehouse.ducklake_snapshot s
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_snapshot_changes c USING (snapshot_id);
COMMENT ON VIEW lakehouse.catalog.snapshots IS 'Commits of the lake that are kept: who, when, why and what each changed.';
