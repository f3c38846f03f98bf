-- For server/profiling.

-- snapshot --
SELECT id FROM lakehouse.current_snapshot();

-- table --
-- Its number, and how many rows it has at a snapshot.
WITH found AS (
    SELECT t.table_id FROM __ducklake_metadata_lakehouse.ducklake_table t
    JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id
    WHERE s.schema_name = $schema AND t.table_name = $table
        AND s.begin_snapshot <= $snapshot AND (s.end_snapshot IS NULL OR s.end_snapshot > $snapshot)
        AND t.begin_snapshot <= $snapshot AND (t.end_snapshot IS NULL OR t.end_snapshot > $snapshot)
), files AS (
    SELECT data_file_id, record_count FROM __ducklake_metadata_lakehouse.ducklake_data_file JOIN found USING (table_id)
    WHERE begin_snapshot <= $snapshot AND (end_snapshot IS NULL OR end_snapshot > $snapshot)
), removed AS (
    SELECT d.delete_count FROM __ducklake_metadata_lakehouse.ducklake_delete_file d JOIN files USING (data_file_id)
    WHERE d.begin_snapshot <= $snapshot AND (d.end_snapshot IS NULL OR d.end_snapshot > $snapshot)
)
SELECT table_id, (coalesce((SELECT sum(record_count) FROM files), 0)
    - coalesce((SELECT sum(delete_count) FROM removed), 0))::BIGINT
FROM found;

-- columns --
SELECT column_id, column_name, column_type, parent_column FROM __ducklake_metadata_lakehouse.ducklake_column
WHERE table_id = $table_id AND begin_snapshot <= $snapshot AND (end_snapshot IS NULL OR end_snapshot > $snapshot)
ORDER BY column_order;

-- bounds --
-- Least and greatest value of each column over the live files, as numbers and as seconds, whichever the texts are.
WITH told AS (
    SELECT column_id, TRY_CAST(min_value AS DOUBLE) AS low, TRY_CAST(max_value AS DOUBLE) AS high,
        coalesce(TRY_CAST(min_value AS TIMESTAMPTZ), TRY_CAST('1970-01-01 ' || min_value AS TIMESTAMPTZ)) AS first,
        coalesce(TRY_CAST(max_value AS TIMESTAMPTZ), TRY_CAST('1970-01-01 ' || max_value AS TIMESTAMPTZ)) AS last
    FROM __ducklake_metadata_lakehouse.ducklake_file_column_stats s
    JOIN __ducklake_metadata_lakehouse.ducklake_data_file f USING (data_file_id)
    WHERE f.table_id = $table_id AND f.begin_snapshot <= $snapshot
        AND (f.end_snapshot IS NULL OR f.end_snapshot > $snapshot)
)
SELECT column_id, min(low) FILTER (isfinite(low)), max(high) FILTER (isfinite(high)),
    min(epoch(first)) FILTER (isfinite(first)), max(epoch(last)) FILTER (isfinite(last))
FROM told GROUP BY column_id;

-- personal --
SELECT column_name FROM lakehouse.catalog.personal_columns WHERE dataset = ?;

-- withhold --
-- No profile keeps values of a column that is personal by now.
UPDATE lakehouse.catalog.column_profile_events SET
    minimum = NULL, maximum = NULL, mean = NULL, top_values = NULL, withheld = true,
    histogram = list_transform(histogram, b -> {'lower': NULL::VARCHAR, 'upper': NULL::VARCHAR, 'row_count': b.row_count})
WHERE table_id = $table_id AND NOT withheld
    AND column_id IN (SELECT column_id FROM temp.main.lakehouse_profile WHERE withheld);

-- record --
INSERT INTO lakehouse.catalog.column_profile_events BY NAME
SELECT $profile_id AS profile_id, $dataset AS dataset, $table_id AS table_id, $snapshot_id AS snapshot_id,
    $row_count AS row_count, $sampled_rows AS sampled_rows, $actor AS actor, now() AS profiled_at, *
FROM temp.main.lakehouse_profile;

-- recorded --
-- A job that a killed server left may have recorded its profile twice.
SELECT any_value(dataset) AS dataset, profile_id AS job_id, max(snapshot_id) AS snapshot_id,
    arg_max(row_count, profiled_at) AS row_count, count(DISTINCT column_id) AS column_count,
    count(DISTINCT column_id) FILTER (withheld) AS withheld_count
FROM lakehouse.catalog.column_profile_events WHERE profile_id = ? GROUP BY profile_id;

-- needing --
-- The tables that have no profile, that so many commits have changed since, or of which nobody can tell: the snapshots
-- since have expired.
WITH read AS (
    SELECT table_id, max(snapshot_id) AS snapshot_id FROM lakehouse.catalog.column_profile_events GROUP BY table_id
), behind AS (
    SELECT read.table_id, count(*) AS commits FROM read JOIN lakehouse.catalog.table_commits c
        ON c.table_id = read.table_id AND c.snapshot_id > read.snapshot_id
    GROUP BY read.table_id
)
SELECT s.schema_name, t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN read ON read.table_id = t.table_id LEFT JOIN behind ON behind.table_id = t.table_id
WHERE t.end_snapshot IS NULL AND s.schema_name NOT IN ('catalog', 'vectors', 'deleted') AND (
    read.table_id IS NULL OR behind.commits >= $commits_min
    OR read.snapshot_id < (SELECT min(snapshot_id) FROM __ducklake_metadata_lakehouse.ducklake_snapshot)
)
ORDER BY ALL;
