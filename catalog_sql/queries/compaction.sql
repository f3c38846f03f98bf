-- table --
SELECT t.table_id, s.path, s.path_is_relative, t.path, t.path_is_relative
FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND s.schema_name = ? AND t.table_name = ?;

-- named --
SELECT s.schema_name, t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND CASE WHEN s.schema_name = 'main' THEN '' ELSE s.schema_name || '.' END || t.table_name = ?;

-- columns --
SELECT column_id, column_name, column_type, parent_column, initial_default
FROM __ducklake_metadata_lakehouse.ducklake_column WHERE table_id = ? AND end_snapshot IS NULL ORDER BY column_order;

-- sizes --
-- What a table has now: files, rows, bytes, rows that are deleted in its files.
SELECT count(*), coalesce(sum(f.record_count), 0) - coalesce(sum(d.delete_count), 0), coalesce(sum(f.file_size_bytes), 0)
FROM __ducklake_metadata_lakehouse.ducklake_data_file f
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_delete_file d ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
WHERE f.table_id = ? AND f.end_snapshot IS NULL;

-- without_rows --
-- Live files all of whose rows are deleted.
SELECT count(*) FROM __ducklake_metadata_lakehouse.ducklake_data_file f
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_delete_file d ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
WHERE f.table_id = ? AND f.end_snapshot IS NULL AND f.record_count = coalesce(d.delete_count, 0);

-- rewrite --
CALL ducklake_rewrite_data_files('lakehouse', ?, schema => ?, delete_threshold => 0);

-- merge --
CALL ducklake_merge_adjacent_files('lakehouse', ?, schema => ?);

-- numbered_otherwise --
-- Live files beside another one by the catalog's row numbers, whose rows have other numbers: their path and id.
WITH listed AS (
    SELECT data_file_id, parse_filename(path) AS name, row_id_start AS first, row_id_start + record_count AS next
    FROM __ducklake_metadata_lakehouse.ducklake_data_file
    WHERE table_id = ? AND end_snapshot IS NULL AND row_id_start IS NOT NULL
), beside AS (
    SELECT data_file_id, name, first FROM listed
    WHERE first IN (SELECT next FROM listed) OR next IN (SELECT first FROM listed)
)
SELECT filename, data_file_id FROM beside
JOIN (SELECT filename, min(rowid) AS least FROM {table} AS f({alias}) GROUP BY filename) ON parse_filename(filename) = name
WHERE least < first;

-- own_numbers --
UPDATE __ducklake_metadata_lakehouse.ducklake_data_file SET row_id_start = NULL WHERE data_file_id = ?;

-- file_fields --
SELECT name, field_id, num_children FROM parquet_schema(?);

-- live --
-- The live files with rows, how many each has, and the first and last number of them.
SELECT filename, count(*), min(rowid), max(rowid) FROM {table} AS f({alias}) GROUP BY filename;

-- sums --
-- Of live files the sums that new ones must have; hashes of rows, without and with the row's number.
SELECT filename, count(*), sum(h), bit_xor(h), sum(hash(h, n)), bit_xor(hash(h, n))
FROM (SELECT filename, rowid AS n, hash({values}) AS h FROM {table} AS f({alias}) WHERE filename IN ({files}))
GROUP BY filename;

-- file --
SELECT count(*), sum(h), bit_xor(h) FROM (SELECT {h} AS h FROM (
    SELECT {number} AS n, hash({values}) AS h FROM read_parquet({file}, hive_partitioning = false) AS f({alias})));

-- sources --
-- The live files that rows with these numbers are in.
SELECT DISTINCT filename FROM {table} AS f({alias})
WHERE rowid IN (SELECT {number} FROM read_parquet({file}, hive_partitioning = false) AS f({file_alias}));

-- clean_up --
CALL ducklake_cleanup_old_files('lakehouse', older_than => now() - to_seconds(?));

-- unknown --
CALL ducklake_delete_orphaned_files('lakehouse', older_than => now() - to_seconds(?), dry_run => true);

-- remove_unknown --
CALL ducklake_delete_orphaned_files('lakehouse', older_than => now() - to_seconds(?));

-- record --
INSERT INTO lakehouse.catalog.compaction_events
    (job_id, dataset, files_before, files_after, rows_before, rows_after, bytes_before, bytes_after, actor, duration_s,
    compacted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now());

-- recorded --
SELECT dataset, job_id, files_before, files_after, rows_before, rows_after, bytes_before, bytes_after
FROM lakehouse.catalog.compactions WHERE job_id = ?;

-- needing --
-- The tables with many small files, or a large share of deleted rows; those of the server are written too.
WITH live AS (
    SELECT f.table_id, f.data_file_id, f.record_count, f.file_size_bytes, coalesce(d.delete_count, 0) AS delete_count
    FROM __ducklake_metadata_lakehouse.ducklake_data_file f
    LEFT JOIN __ducklake_metadata_lakehouse.ducklake_delete_file d
        ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
    WHERE f.end_snapshot IS NULL
)
SELECT s.schema_name, t.table_name FROM live
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = live.table_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
GROUP BY ALL
HAVING count(*) FILTER (live.file_size_bytes < $small_bytes) >= $files_min
    OR sum(live.delete_count) >= $deleted_share * sum(live.record_count) AND sum(live.delete_count) > 0
ORDER BY ALL;
