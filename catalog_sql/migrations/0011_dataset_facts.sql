-- What people say of a dataset is said of its table or view, whatever that is renamed to; and what snapshots told of
-- datasets outlives them.

ALTER TABLE lakehouse.catalog.dataset_metadata_events ADD COLUMN object_id BIGINT;
COMMENT ON COLUMN lakehouse.catalog.dataset_metadata_events.object_id IS 'DuckLake''s number of its table or view, which a rename keeps; NULL if there was none of this name.';
COMMENT ON COLUMN lakehouse.catalog.dataset_metadata_events.key IS 'owner, tags, sensitivity, expected_every_s or a key of the caller''s own.';
UPDATE lakehouse.catalog.dataset_metadata_events SET object_id = named.object_id FROM (
    SELECT table_id AS object_id, if(schema_name = 'main', '', schema_name || '.') || table_name AS dataset
    FROM __ducklake_metadata_lakehouse.ducklake_table t
    JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
    WHERE t.end_snapshot IS NULL
    UNION ALL
    SELECT view_id, if(schema_name = 'main', '', schema_name || '.') || view_name
    FROM __ducklake_metadata_lakehouse.ducklake_view v
    JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = v.schema_id AND s.end_snapshot IS NULL
    WHERE v.end_snapshot IS NULL
) AS named WHERE lower(named.dataset) = lower(dataset_metadata_events.dataset);
-- Keys of people's own that have a meaning from now on.
UPDATE lakehouse.catalog.dataset_metadata_events SET key = key || '_own' WHERE key IN ('sensitivity', 'expected_every_s');

CREATE TABLE lakehouse.catalog.dataset_change_events (
    object_id BIGINT NOT NULL, change VARCHAR NOT NULL, snapshot_id BIGINT NOT NULL, actor VARCHAR, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.dataset_change_events IS 'When datasets were made and last changed, written before the snapshot that tells it expires; catalog.dataset_changes adds what snapshots tell.';
COMMENT ON COLUMN lakehouse.catalog.dataset_change_events.object_id IS 'DuckLake''s number of the table or view.';
COMMENT ON COLUMN lakehouse.catalog.dataset_change_events.change IS 'created or changed: its rows.';
COMMENT ON COLUMN lakehouse.catalog.dataset_change_events.snapshot_id IS 'Snapshot that did it.';
COMMENT ON COLUMN lakehouse.catalog.dataset_change_events.actor IS 'Who committed it; NULL if nobody knows any more.';
COMMENT ON COLUMN lakehouse.catalog.dataset_change_events.changed_at IS 'When it was committed.';
-- Snapshots that have expired before told nobody: then the newest file tells by the time in its name, a UUID of version 7.
INSERT INTO lakehouse.catalog.dataset_change_events
SELECT table_id, 'changed', max(begin_snapshot), NULL, max(uuid_extract_timestamp(name::UUID)) FROM (
    SELECT f.table_id, f.begin_snapshot, left(right(f.path, 44), 36) AS name
    FROM __ducklake_metadata_lakehouse.ducklake_data_file f
    ANTI JOIN __ducklake_metadata_lakehouse.ducklake_snapshot s ON s.snapshot_id = f.begin_snapshot
    JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = f.table_id AND t.end_snapshot IS NULL
    JOIN __ducklake_metadata_lakehouse.ducklake_schema c ON c.schema_id = t.schema_id AND c.end_snapshot IS NULL
    WHERE f.end_snapshot IS NULL AND c.schema_name NOT IN ('catalog', 'vectors', 'deleted')
) WHERE TRY_CAST(name AS UUID) IS NOT NULL AND name[15] = '7' GROUP BY table_id;
-- Of no dataset: DuckLake takes some milliseconds longer to read an empty table than one with a row.
INSERT INTO lakehouse.catalog.dataset_change_events VALUES (-1, 'changed', 0, 'lakehouse', now());
