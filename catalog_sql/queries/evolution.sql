-- view_texts --
SELECT s.schema_name, v.view_name, v.sql FROM __ducklake_metadata_lakehouse.ducklake_view v
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = v.schema_id AND s.end_snapshot IS NULL
WHERE v.end_snapshot IS NULL AND s.schema_name NOT IN ('catalog', 'vectors', 'deleted');

-- table_id --
SELECT t.table_id, s.schema_name, t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND lower(s.schema_name) = lower(?) AND lower(t.table_name) = lower(?);

-- table_name --
SELECT s.schema_name, t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND t.table_id = ?;

-- same --
-- The latest proposal of the same rules for the same table, unless it was accepted or replaced.
SELECT proposal_id, status, columns_sha256, reason, actor, rules FROM lakehouse.catalog.migration_proposals
WHERE table_id = ? AND rules_sha256 = ? AND status IN ('proposed', 'rejected')
ORDER BY changed_at DESC LIMIT 1;

-- found --
SELECT table_id, status, columns_sha256, statements, rules, dataset FROM lakehouse.catalog.migration_proposals
WHERE proposal_id = ?;

-- arriving --
SELECT arriving, arriving_statistics, source, based_on FROM lakehouse.catalog.migration_proposals WHERE proposal_id = ?;

-- described --
-- Nullability and descriptions of a dataset's columns.
SELECT column_name, is_nullable, description FROM lakehouse.catalog.columns WHERE dataset = ?;

-- propose --
INSERT INTO lakehouse.catalog.migration_proposal_events
    (proposal_id, table_id, dataset, status, rules, statements, broken_views, rules_sha256, columns_sha256, arriving,
     arriving_statistics, source, model, based_on, reason, actor, changed_at)
VALUES ($proposal_id, $table_id, $dataset, 'proposed', $rules, $statements, $broken_views, $rules_sha256,
    $columns_sha256, $arriving, $arriving_statistics, $source, $model, $based_on, NULL, $actor, now());

-- change --
INSERT INTO lakehouse.catalog.migration_proposal_events
    (proposal_id, table_id, dataset, status, broken_views, reason, actor, changed_at)
VALUES ($proposal_id, $table_id, $dataset, $status, $broken_views, $reason, $actor, now());

-- any_unrecorded --
SELECT count(*) FROM lakehouse.catalog.schema_changes
WHERE snapshot_id > (SELECT coalesce(max(snapshot_id), -1) FROM lakehouse.catalog.schema_change_events);

-- record_changes --
INSERT INTO lakehouse.catalog.schema_change_events
    (snapshot_id, dataset, table_id, column_id, change, column_name, old_value, new_value, actor, source, changed_at)
SELECT snapshot_id, dataset, table_id, column_id, change, column_name, old_value, new_value, actor, source, changed_at
FROM lakehouse.catalog.schema_changes
WHERE snapshot_id > (SELECT coalesce(max(snapshot_id), -1) FROM lakehouse.catalog.schema_change_events);
