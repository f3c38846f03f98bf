-- For server/cache. Names in braces are filled in: tables, columns, numbers of snapshots.

-- commits --
SELECT snapshot_id, changes_made FROM __ducklake_metadata_lakehouse.ducklake_snapshot_changes WHERE snapshot_id > {since};

-- snapshot --
SELECT id FROM lakehouse.current_snapshot();

-- table_id --
SELECT t.table_id FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id
WHERE lower(s.schema_name) = lower($schema) AND lower(t.table_name) = lower($table)
    AND s.begin_snapshot <= $snapshot AND (s.end_snapshot IS NULL OR s.end_snapshot > $snapshot)
    AND t.begin_snapshot <= $snapshot AND (t.end_snapshot IS NULL OR t.end_snapshot > $snapshot);

-- copy --
CREATE TABLE {copy} AS SELECT rowid AS {row_number}, {columns} FROM {source};

-- view --
CREATE OR REPLACE VIEW {view} AS SELECT {columns} FROM {copy};

-- sample --
SELECT count(*), {bytes} FROM (SELECT * FROM {source} LIMIT 10000);

-- remove --
DELETE FROM {copy} WHERE {row_number} IN (SELECT rowid FROM {deletions} UNION ALL SELECT rowid FROM {insertions});

-- append --
INSERT INTO {copy} SELECT rowid, {columns} FROM {insertions};

-- append_last --
-- An update deletes and inserts a row in one snapshot; what a later one deleted is gone.
INSERT INTO {copy} SELECT i.rowid, {columns} FROM {insertions} i
WHERE NOT EXISTS (FROM {deletions} d WHERE d.rowid = i.rowid AND d.snapshot_id > i.snapshot_id);

-- pins --
SELECT dataset, pinned_at::VARCHAR FROM lakehouse.catalog.cache_pins ORDER BY pinned_at;

-- record --
INSERT INTO lakehouse.catalog.cache_events VALUES (?, ?, ?, ?, now());
