-- For server/pii.

-- table --
-- A table as it is committed, with the rows that were ever written to it.
SELECT t.table_id, s.schema_name, t.table_name, coalesce(n.record_count, 0)::BIGINT
FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_table_stats n ON n.table_id = t.table_id
WHERE t.end_snapshot IS NULL AND lower(s.schema_name) = lower(?) AND lower(t.table_name) = lower(?);

-- tables --
-- All that are datasets.
SELECT t.table_id, s.schema_name, t.table_name, coalesce(n.record_count, 0)::BIGINT
FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_table_stats n ON n.table_id = t.table_id
WHERE t.end_snapshot IS NULL AND s.schema_name NOT IN ('catalog', 'vectors', 'deleted')
ORDER BY s.schema_name, t.table_name;

-- columns --
SELECT column_id, column_name, column_type, parent_column FROM __ducklake_metadata_lakehouse.ducklake_column
WHERE table_id = ? AND end_snapshot IS NULL ORDER BY column_order;

-- newest_scan --
SELECT row_count, column_ids FROM lakehouse.catalog.pii_scans WHERE table_id = ?;

-- sample --
SELECT {values} FROM {rows};

-- drawn --
-- Rows of a whole table, each as likely as another.
{table} USING SAMPLE reservoir({count} ROWS) REPEATABLE (1)

-- first --
-- The same of its first rows.
(FROM {table} LIMIT {window}) USING SAMPLE reservoir({count} ROWS) REPEATABLE (1)

-- row_count --
SELECT count(*) FROM {table};

-- record --
INSERT INTO lakehouse.catalog.pii_scan_events BY NAME SELECT *, ? AS actor, now() AS scanned_at FROM {scans};

-- set_fact --
INSERT INTO lakehouse.catalog.column_fact_events VALUES (?, ?, ?, ?, ?, ?, now());
