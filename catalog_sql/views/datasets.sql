-- Tables and views that hold people's data, with what DuckLake already knows of them. Control schemas are left out.
CREATE OR REPLACE VIEW lakehouse.catalog.datasets AS
WITH live_schema AS (
    SELECT schema_id, schema_name FROM __ducklake_metadata_lakehouse.ducklake_schema
    WHERE end_snapshot IS NULL AND schema_name NOT IN ('catalog', 'vectors', 'deleted')
), written AS (
    SELECT table_id, sum(record_count) AS row_count, sum(file_size_bytes) AS file_bytes, count(*) AS file_count
    FROM __ducklake_metadata_lakehouse.ducklake_data_file WHERE end_snapshot IS NULL GROUP BY table_id
), removed AS (
    -- A data file whose last row goes is ended, its delete file is not.
    SELECT d.table_id, sum(d.delete_count) AS row_count
    FROM __ducklake_metadata_lakehouse.ducklake_delete_file d
    JOIN __ducklake_metadata_lakehouse.ducklake_data_file f USING (data_file_id)
    WHERE d.end_snapshot IS NULL AND f.end_snapshot IS NULL GROUP BY d.table_id
), described AS (
    SELECT object_id, value FROM __ducklake_metadata_lakehouse.ducklake_tag
    WHERE end_snapshot IS NULL AND key = 'comment'
), noted AS (
    SELECT dataset, key, arg_max_null(value, changed_at) AS value
    FROM lakehouse.catalog.dataset_metadata_events GROUP BY dataset, key
), named AS (
    SELECT dataset, map_from_entries(list((key, value) ORDER BY key) FILTER (value IS NOT NULL)) AS metadata
    FROM noted GROUP BY dataset
), born AS (
    -- A rename begins a new row of the same table.
    SELECT table_id, min(begin_snapshot) AS begin_snapshot
    FROM __ducklake_metadata_lakehouse.ducklake_table GROUP BY table_id
), both_kinds AS (
    -- The snapshot that made a table expires, its UUID of version 7 does not.
    SELECT table_id AS object_id, schema_id, table_name AS name, 'table' AS kind, born.begin_snapshot,
        CASE WHEN uuid_extract_version(table_uuid) = 7 THEN uuid_extract_timestamp(table_uuid) END AS identified_at
    FROM __ducklake_metadata_lakehouse.ducklake_table JOIN born USING (table_id) WHERE end_snapshot IS NULL
    UNION ALL
    SELECT view_id, schema_id, view_name, 'view', begin_snapshot, NULL
    FROM __ducklake_metadata_lakehouse.ducklake_view
    WHERE end_snapshot IS NULL AND NOT starts_with(lower(view_name), '__raw__')
)
SELECT
    if(schema_name = 'main', name, schema_name || '.' || name) AS dataset,
    kind,
    if(kind = 'table', coalesce(written.row_count, 0) - coalesce(removed.row_count, 0), NULL)::BIGINT AS row_count,
    described.value AS description,
    named.metadata['owner'] AS owner,
    from_json(named.metadata['tags'], '["VARCHAR"]') AS tags,
    map_from_entries(list_filter(map_entries(named.metadata), e -> e.key NOT IN ('owner', 'tags'))) AS metadata,
    if(kind = 'table', coalesce(written.file_bytes, 0), NULL)::BIGINT AS file_bytes,
    if(kind = 'table', coalesce(written.file_count, 0), NULL)::BIGINT AS file_count,
    coalesce(made.snapshot_time, identified_at) AS created_at
FROM both_kinds
JOIN live_schema USING (schema_id)
LEFT JOIN written ON written.table_id = both_kinds.object_id AND kind = 'table'
LEFT JOIN removed ON removed.table_id = both_kinds.object_id AND kind = 'table'
LEFT JOIN described ON described.object_id = both_kinds.object_id
LEFT JOIN named ON named.dataset = if(schema_name = 'main', name, schema_name || '.' || name)
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_snapshot made ON made.snapshot_id = both_kinds.begin_snapshot;
