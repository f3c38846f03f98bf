-- schemas --
SELECT schema_name FROM __ducklake_metadata_lakehouse.ducklake_schema
WHERE end_snapshot IS NULL AND schema_name NOT IN ('vectors', 'deleted') ORDER BY schema_name;

-- tables --
SELECT s.schema_name, t.table_name, 'TABLE', t.table_id FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND s.schema_name NOT IN ('vectors', 'deleted')
UNION ALL
SELECT s.schema_name, v.view_name, 'VIEW', v.view_id FROM __ducklake_metadata_lakehouse.ducklake_view v
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = v.schema_id AND s.end_snapshot IS NULL
WHERE v.end_snapshot IS NULL AND s.schema_name NOT IN ('vectors', 'deleted');

-- columns --
SELECT c.table_id, c.column_id, column_name, column_type, parent_column, nulls_allowed, tag.value
FROM __ducklake_metadata_lakehouse.ducklake_column c
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_column_tag tag
    ON tag.table_id = c.table_id AND tag.column_id = c.column_id AND tag.key = 'comment' AND tag.end_snapshot IS NULL
WHERE c.end_snapshot IS NULL ORDER BY c.table_id, column_order;
