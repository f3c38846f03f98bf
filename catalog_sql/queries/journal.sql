-- current --
SELECT max(snapshot_id) FROM __ducklake_metadata_lakehouse.ducklake_snapshot;

-- snapshots --
-- Commits in their order: their tables have the same columns while schema_version is the same. At the end the number of
-- rows that they wrote and deleted.
SELECT s.snapshot_id, s.schema_version, epoch_us(s.snapshot_time), c.author, c.commit_message, coalesce(c.changes_made, ''),
    coalesce((SELECT sum(record_count) FROM __ducklake_metadata_lakehouse.ducklake_data_file f
        WHERE f.begin_snapshot = s.snapshot_id AND f.begin_snapshot > $after), 0)::BIGINT
    + coalesce((SELECT sum(delete_count) FROM __ducklake_metadata_lakehouse.ducklake_delete_file f
        WHERE f.begin_snapshot = s.snapshot_id AND f.begin_snapshot > $after), 0)::BIGINT
FROM __ducklake_metadata_lakehouse.ducklake_snapshot s
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_snapshot_changes c USING (snapshot_id)
WHERE s.snapshot_id > $after ORDER BY s.snapshot_id LIMIT $most;

-- tables --
-- Every name that a table had since a snapshot; end NULL for the one that it has.
SELECT t.table_id, s.schema_name, t.table_name, t.begin_snapshot, t.end_snapshot
FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN (SELECT DISTINCT schema_id, schema_name FROM __ducklake_metadata_lakehouse.ducklake_schema) s USING (schema_id)
WHERE (t.end_snapshot IS NULL OR t.end_snapshot > $after) AND s.schema_name NOT IN ('catalog', 'vectors', 'deleted')
ORDER BY t.table_id, t.begin_snapshot;

-- changes --
-- Rows that came (1) and rows that went (0), each with its key and itself as JSON of texts.
SELECT {snapshot} AS commit, {row_id} AS number, {entity} AS entity, {row} AS row_text, 1::TINYINT AS came
FROM ducklake_table_insertions('lakehouse', {schema}, {table}, {first}, {last})
UNION ALL
SELECT {snapshot}, {row_id}, {entity}, {row}, 0::TINYINT
FROM ducklake_table_deletions('lakehouse', {schema}, {table}, {first}, {last})
ORDER BY 1, 2;

-- insertions --
-- The same for rows that only came, in whatever order.
SELECT {snapshot} AS commit, {row_id} AS number, {entity} AS entity, {row} AS row_text, 1::TINYINT AS came
FROM ducklake_table_insertions('lakehouse', {schema}, {table}, {first}, {last});

-- entity_column --
-- What a column is called by then that was called so when it was chosen: another may have its name since. A table that
-- was made after that has it by its name.
SELECT now.column_name FROM __ducklake_metadata_lakehouse.ducklake_column named
JOIN __ducklake_metadata_lakehouse.ducklake_column now USING (table_id, column_id)
WHERE table_id = $table_id AND lower(named.column_name) = lower($name) AND named.parent_column IS NULL
    AND now.begin_snapshot <= $snapshot AND (now.end_snapshot IS NULL OR $snapshot < now.end_snapshot)
ORDER BY named.begin_snapshot <= $chosen AND (named.end_snapshot IS NULL OR $chosen < named.end_snapshot) DESC,
    lower(now.column_name) = lower($name) DESC, named.begin_snapshot DESC
LIMIT 1;

-- tombstone_keys --
-- The columns that name the subjects of tombstones.
SELECT lower(dataset), arg_min(key_column, changed_at) FROM lakehouse.catalog.tombstone_events GROUP BY ALL;

-- columns --
SELECT column_name FROM (DESCRIBE FROM ducklake_table_insertions('lakehouse', {schema}, {table}, {last}, {last}));

-- head --
SELECT sequence, chain, read_snapshot, log_id, log_sequence, public_key, signature FROM lakehouse.catalog.journal_heads;

-- forget_head --
DELETE FROM lakehouse.catalog.journal_heads;

-- keep_head --
INSERT INTO lakehouse.catalog.journal_heads VALUES (?, ?, ?, ?, ?, ?, ?, now());

-- insert --
INSERT INTO lakehouse.catalog.journal_events BY NAME SELECT * FROM journal_rows;

-- switches --
SELECT dataset, enabled, entity_column, from_snapshot, actor, epoch_us(changed_at)
FROM lakehouse.catalog.journal_dataset_events ORDER BY from_snapshot, changed_at;

-- switch --
INSERT INTO lakehouse.catalog.journal_dataset_events VALUES (?, ?, ?, ?, ?, now());

-- chain --
SELECT * FROM lakehouse.catalog.journal_events ORDER BY sequence;

-- renames --
SELECT dataset, detail FROM lakehouse.catalog.journal_events WHERE change = 'rename' AND starts_with(detail, 'from ');

-- sealed --
SELECT sequence, dataset, entity_hmac, field, row_id, key_number, sealed FROM lakehouse.catalog.journal_events
WHERE key_number > 0 AND ($datasets IS NULL OR list_contains($datasets, lower(dataset)));

-- places --
SELECT DISTINCT dataset, row_id, key_number FROM lakehouse.catalog.journal_events SEMI JOIN journal_subjects USING (entity_hmac)
WHERE key_number > 0;
