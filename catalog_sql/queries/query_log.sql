-- insert --
INSERT INTO lakehouse.catalog.query_log_entries BY NAME SELECT * FROM pending_records;

-- snapshot --
SELECT id FROM lakehouse.current_snapshot();

-- committed --
SELECT min(snapshot_id) FROM __ducklake_metadata_lakehouse.ducklake_snapshot_changes
WHERE snapshot_id > ? AND commit_message = ?;

-- position --
SELECT coalesce(max(sequence), 0) FROM lakehouse.catalog.query_log_entries WHERE log_id = ? AND sequence >= ?;
