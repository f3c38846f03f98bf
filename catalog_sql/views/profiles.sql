-- Commits that wrote or deleted rows of a table, or altered it; of the snapshots that are kept. Compactions are none.
CREATE OR REPLACE VIEW lakehouse.catalog.table_commits AS
WITH changes AS (
    SELECT snapshot_id, unnest(string_split(changes_made, ',')) AS change
    FROM __ducklake_metadata_lakehouse.ducklake_snapshot_changes
)
SELECT DISTINCT TRY_CAST(split_part(change, ':', 2) AS BIGINT) AS table_id, snapshot_id FROM changes
WHERE split_part(change, ':', 1) IN ('inserted_into_table', 'deleted_from_table', 'altered_table')
    AND TRY_CAST(split_part(change, ':', 2) AS BIGINT) IS NOT NULL;
COMMENT ON VIEW lakehouse.catalog.table_commits IS 'Each commit that wrote or deleted rows of a table or altered it, while its snapshot is kept. Compactions are none.';

-- The newest profile of each column that is there, by the names of today. Values are withheld by what is known now: of
-- personal columns, and of datasets with tombstones since, whose rows nobody is to see any more.
CREATE OR REPLACE VIEW lakehouse.catalog.column_profiles AS
WITH RECURSIVE latest AS MATERIALIZED (
    SELECT * FROM lakehouse.catalog.column_profile_events
    QUALIFY row_number() OVER (PARTITION BY table_id, column_id ORDER BY profiled_at DESC) = 1
), live AS (
    SELECT table_id, column_id, column_order, column_name, column_type, parent_column
    FROM __ducklake_metadata_lakehouse.ducklake_column WHERE end_snapshot IS NULL
        AND table_id IN (SELECT table_id FROM latest)
), paths AS (
    SELECT table_id, column_id, column_order, column_name AS path, column_name AS top, column_type
    FROM live WHERE parent_column IS NULL
    UNION ALL
    SELECT live.table_id, live.column_id, live.column_order, paths.path || '.' || live.column_name, paths.top,
        live.column_type
    FROM paths JOIN live ON live.table_id = paths.table_id AND live.parent_column = paths.column_id
    WHERE paths.column_type = 'struct'
), behind AS (
    SELECT read.table_id, read.snapshot_id, count(*) AS commits
    FROM (SELECT DISTINCT table_id, snapshot_id FROM latest) AS read
    JOIN lakehouse.catalog.table_commits c ON c.table_id = read.table_id AND c.snapshot_id > read.snapshot_id
    GROUP BY ALL
), written AS (
    SELECT table_id, sum(record_count) AS row_count
    FROM __ducklake_metadata_lakehouse.ducklake_data_file WHERE end_snapshot IS NULL GROUP BY table_id
), removed AS (
    SELECT d.table_id, sum(d.delete_count) AS row_count
    FROM __ducklake_metadata_lakehouse.ducklake_delete_file d
    JOIN __ducklake_metadata_lakehouse.ducklake_data_file f USING (data_file_id)
    WHERE d.end_snapshot IS NULL AND f.end_snapshot IS NULL GROUP BY d.table_id
), tombstoned AS (
    SELECT dataset, max(snapshot_id) AS snapshot_id FROM lakehouse.catalog.tombstone_events
    WHERE change = 'set' GROUP BY dataset
), personal AS (
    SELECT dataset, lower(column_name) AS name FROM lakehouse.catalog.personal_columns
), named AS (
    SELECT
        if(schema_name = 'main', t.table_name, schema_name || '.' || t.table_name) AS dataset, paths.path,
        paths.top, paths.column_order, latest.* EXCLUDE (dataset, path), coalesce(behind.commits, 0) AS commits,
        coalesce(written.row_count, 0) - coalesce(removed.row_count, 0) AS rows_now
    FROM latest
    JOIN paths ON paths.table_id = latest.table_id AND paths.column_id = latest.column_id
    JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = latest.table_id AND t.end_snapshot IS NULL
    JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
    LEFT JOIN behind ON behind.table_id = latest.table_id AND behind.snapshot_id = latest.snapshot_id
    LEFT JOIN written ON written.table_id = latest.table_id
    LEFT JOIN removed ON removed.table_id = latest.table_id
), shown AS (
    SELECT named.*, withheld OR coalesce(tombstoned.snapshot_id > named.snapshot_id, false)
        OR (named.dataset, lower(top)) IN (FROM personal) AS hidden
    FROM named LEFT JOIN tombstoned ON tombstoned.dataset = named.dataset
)
SELECT
    dataset, path AS column_name, row_count, null_count, distinct_count, non_finite_count,
    if(hidden, NULL, minimum) AS minimum, if(hidden, NULL, maximum) AS maximum, if(hidden, NULL, mean) AS mean,
    length_min, length_mean, length_max, if(hidden, NULL, top_values) AS top_values,
    if(hidden, list_transform(histogram, b -> {'lower': NULL::VARCHAR, 'upper': NULL::VARCHAR, 'row_count': b.row_count}),
        histogram) AS histogram,
    sampled_rows, hidden AS withheld, snapshot_id, profiled_at, actor AS profiled_by, commits AS commits_since,
    (rows_now - row_count)::BIGINT AS rows_since
FROM shown ORDER BY dataset, column_order;
COMMENT ON VIEW lakehouse.catalog.column_profiles IS 'The newest profile of each column: counts, bounds, frequent values, histogram. Of personal columns without values.';
