-- loaded_before --
-- An ingest counts for the table that it went into, not for a later one of the same name. Snapshots tell them apart, times
-- do not: an ingest that creates its table starts before the commit that makes it. Merging files keeps a row's snapshot_id.
WITH live AS (
    SELECT table_id FROM __ducklake_metadata_lakehouse.ducklake_table t
    JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
    WHERE t.end_snapshot IS NULL AND s.schema_name = $schema AND t.table_name = $table
), born AS (
    SELECT table_id, min(begin_snapshot) AS snapshot_id
    FROM __ducklake_metadata_lakehouse.ducklake_table JOIN live USING (table_id) GROUP BY table_id
), changed AS (
    SELECT table_id, begin_snapshot, end_snapshot FROM __ducklake_metadata_lakehouse.ducklake_data_file
    UNION ALL SELECT table_id, begin_snapshot, end_snapshot FROM __ducklake_metadata_lakehouse.ducklake_delete_file
    UNION ALL SELECT table_id, begin_snapshot, end_snapshot FROM __ducklake_metadata_lakehouse.ducklake_column
), latest AS (
    SELECT table_id, max(greatest(begin_snapshot, coalesce(end_snapshot, 0))) AS snapshot_id
    FROM changed JOIN live USING (table_id) GROUP BY table_id
)
SELECT i.ingest_id, i.snapshot_id = latest.snapshot_id AS is_latest
FROM lakehouse.catalog.ingests i, born LEFT JOIN latest USING (table_id)
WHERE i.dataset = $dataset AND i.content_sha256 = $digest AND i.snapshot_id >= born.snapshot_id
ORDER BY i.snapshot_id DESC LIMIT 1;

-- record --
INSERT INTO lakehouse.catalog.ingests
    (ingest_id, dataset, file_name, content_sha256, format, mode, row_count, file_bytes, actor, ingested_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- column_types --
SELECT column_name, data_type FROM lakehouse.catalog.columns WHERE dataset = ?;

-- dataset --
SELECT dataset, kind, row_count FROM lakehouse.catalog.datasets WHERE dataset = ?;

-- existing --
WITH both_kinds AS (
    SELECT schema_id, table_name AS name, 'table' AS kind FROM __ducklake_metadata_lakehouse.ducklake_table
    WHERE end_snapshot IS NULL
    UNION ALL
    SELECT schema_id, view_name, 'view' FROM __ducklake_metadata_lakehouse.ducklake_view WHERE end_snapshot IS NULL
)
SELECT schema_name, name, kind FROM both_kinds
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = both_kinds.schema_id AND s.end_snapshot IS NULL
WHERE lower(schema_name) = lower(?) AND lower(name) = lower(?);

-- dataset_names --
SELECT dataset FROM lakehouse.catalog.datasets ORDER BY dataset;
