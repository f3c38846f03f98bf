-- For server/resync. In braces: {schema} holds DuckLake's tables, {type} is DuckDB's name of a type, {ids} are
-- numbers.

-- tables --
-- Every table of the lake as schema and name.
SELECT s.schema_name, t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL ORDER BY ALL;

-- live_files --
-- The files of a table's rows, and of those that are deleted in them: kind, number, rows, bytes, then the parts of the path,
-- each with whether it is relative to the part before.
WITH live AS (
    SELECT t.table_id, s.path AS schema_path, s.path_is_relative AS schema_below, t.path AS table_path,
        t.path_is_relative AS table_below
    FROM __ducklake_metadata_lakehouse.ducklake_table t
    JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
    WHERE t.end_snapshot IS NULL AND s.schema_name = $schema AND t.table_name = $table
), data AS (
    SELECT f.* FROM __ducklake_metadata_lakehouse.ducklake_data_file f JOIN live USING (table_id) WHERE f.end_snapshot IS NULL
), files AS (
    SELECT table_id, 'rows' AS kind, data_file_id, record_count AS row_count, file_size_bytes, path, path_is_relative FROM data
    UNION ALL
    SELECT d.table_id, 'deletions', d.data_file_id, d.delete_count, d.file_size_bytes, d.path, d.path_is_relative
    FROM __ducklake_metadata_lakehouse.ducklake_delete_file d JOIN data USING (data_file_id) WHERE d.end_snapshot IS NULL
)
SELECT table_id, kind, data_file_id, row_count, file_size_bytes, schema_path, schema_below, table_path, table_below, path,
    path_is_relative
FROM files JOIN live USING (table_id) ORDER BY data_file_id, kind DESC;

-- file_columns --
-- The live columns that DuckLake counted values of in each live file, by file: numbers and names.
SELECT st.data_file_id, c.column_id, c.column_name
FROM __ducklake_metadata_lakehouse.ducklake_file_column_stats st
JOIN __ducklake_metadata_lakehouse.ducklake_data_file f ON f.data_file_id = st.data_file_id AND f.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_column c
    ON c.table_id = st.table_id AND c.column_id = st.column_id AND c.end_snapshot IS NULL
WHERE st.table_id = ?;

-- listed --
SELECT file FROM glob(?);

-- sizes --
SELECT filename, size FROM read_blob($paths::VARCHAR[]);

-- footers --
SELECT file_name, num_rows FROM parquet_file_metadata($paths::VARCHAR[]);

-- fields --
SELECT file_name, list(field_id) FROM parquet_schema($paths::VARCHAR[]) WHERE field_id IS NOT NULL GROUP BY file_name;

-- unknown --
CALL ducklake_delete_orphaned_files('lakehouse', older_than => now() - to_seconds(?), dry_run => true);

-- newest --
SELECT max(snapshot_id) FROM {schema}.ducklake_snapshot;

-- snapshot --
-- A new number of the next file has DuckLake read the statistics anew, which it keeps by this number.
INSERT INTO {schema}.ducklake_snapshot (snapshot_id, snapshot_time, schema_version, next_catalog_id, next_file_id)
SELECT snapshot_id + 1, now(), schema_version, next_catalog_id, next_file_id + 1
FROM {schema}.ducklake_snapshot WHERE snapshot_id = $newest;

-- changes --
INSERT INTO {schema}.ducklake_snapshot_changes (snapshot_id, changes_made, author, commit_message)
VALUES ($newest + 1, $changes, $author, $message);

-- still_live --
SELECT count(*) FROM {schema}.ducklake_data_file WHERE end_snapshot IS NULL AND data_file_id IN ({ids});

-- end_files --
UPDATE {schema}.ducklake_data_file SET end_snapshot = $newest + 1 WHERE end_snapshot IS NULL AND data_file_id IN ({ids});

-- bounds --
-- Bounds of a table's columns of one type that leave out what a live file says it has, or that are lost.
SELECT found.column_id, column_name, found.least, found.greatest FROM (
    SELECT c.column_id, c.column_name, arg_min(s.min_value, TRY_CAST(s.min_value AS {type})) AS least,
        arg_max(s.max_value, TRY_CAST(s.max_value AS {type})) AS greatest,
        bool_and(CASE WHEN s.data_file_id IS NULL THEN c.initial_default IS NULL
            ELSE s.value_count = 0 OR (s.min_value IS NOT NULL AND s.max_value IS NOT NULL) END) AS known
    FROM {schema}.ducklake_column c
    JOIN {schema}.ducklake_data_file f ON f.table_id = c.table_id AND f.end_snapshot IS NULL
    LEFT JOIN {schema}.ducklake_file_column_stats s ON s.data_file_id = f.data_file_id AND s.column_id = c.column_id
    WHERE c.end_snapshot IS NULL AND c.table_id = $table AND c.column_type = $kind GROUP BY ALL
) AS found
JOIN {schema}.ducklake_table_column_stats kept ON kept.table_id = $table AND kept.column_id = found.column_id
WHERE known AND least IS NOT NULL AND (
    kept.min_value IS NULL OR kept.max_value IS NULL OR TRY_CAST(kept.min_value AS {type}) > TRY_CAST(least AS {type})
    OR TRY_CAST(kept.max_value AS {type}) < TRY_CAST(greatest AS {type}))
ORDER BY found.column_id;

-- kinds --
SELECT DISTINCT column_type FROM {schema}.ducklake_column WHERE end_snapshot IS NULL AND table_id = ?;

-- set_bounds --
UPDATE {schema}.ducklake_table_column_stats SET min_value = $least, max_value = $greatest
WHERE table_id = $table AND column_id = $column;
