-- schemas --
SELECT schema_name FROM __ducklake_metadata_lakehouse.ducklake_schema
WHERE end_snapshot IS NULL AND schema_name NOT IN ('vectors', 'deleted') ORDER BY schema_name;

-- tables --
-- For a table also the last snapshot that changed its columns or their comments.
WITH changed AS (
    SELECT table_id, max(greatest(begin_snapshot, coalesce(end_snapshot, 0))) AS snapshot_id FROM (
        SELECT table_id, begin_snapshot, end_snapshot FROM __ducklake_metadata_lakehouse.ducklake_column
        UNION ALL
        SELECT table_id, begin_snapshot, end_snapshot FROM __ducklake_metadata_lakehouse.ducklake_column_tag
    ) GROUP BY table_id
)
SELECT s.schema_name, t.table_name, 'TABLE', t.table_id, coalesce(changed.snapshot_id, 0)
FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN changed ON changed.table_id = t.table_id
WHERE t.end_snapshot IS NULL AND s.schema_name NOT IN ('vectors', 'deleted')
UNION ALL
SELECT s.schema_name, v.view_name, 'VIEW', v.view_id, 0 FROM __ducklake_metadata_lakehouse.ducklake_view v
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = v.schema_id AND s.end_snapshot IS NULL
WHERE v.end_snapshot IS NULL AND s.schema_name NOT IN ('vectors', 'deleted');

-- columns --
SELECT c.table_id, c.column_id, column_name, column_type, parent_column, nulls_allowed, tag.value
FROM __ducklake_metadata_lakehouse.ducklake_column c
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_column_tag tag
    ON tag.table_id = c.table_id AND tag.column_id = c.column_id AND tag.key = 'comment' AND tag.end_snapshot IS NULL
WHERE c.end_snapshot IS NULL AND c.table_id IN (SELECT unnest($tables::BIGINT[])) ORDER BY c.table_id, column_order;
