-- Columns of the tables in catalog.datasets, from DuckLake's metadata; types are named as DuckDB names them.
CREATE OR REPLACE VIEW lakehouse.catalog.columns AS
WITH RECURSIVE live AS (
    SELECT table_id, column_id, column_order, column_name, column_type, nulls_allowed, default_value, parent_column
    FROM __ducklake_metadata_lakehouse.ducklake_column WHERE end_snapshot IS NULL
), tree AS (
    SELECT table_id, column_id AS root, column_id, column_order, column_name, column_type, parent_column
    FROM live WHERE parent_column IS NULL AND column_type IN ('list', 'struct', 'map')
    UNION ALL
    SELECT live.table_id, tree.root, live.column_id, live.column_order, live.column_name, live.column_type, live.parent_column
    FROM live JOIN tree ON live.table_id = tree.table_id AND live.parent_column = tree.column_id
), nested AS (
    SELECT table_id, root, list({
        'column_id': column_id, 'column_name': column_name, 'column_type': column_type, 'parent_column': parent_column
    } ORDER BY column_order) AS parts
    FROM tree GROUP BY table_id, root
)
SELECT
    if(schema_name = 'main', table_name, schema_name || '.' || table_name) AS dataset,
    live.column_name,
    (row_number() OVER (PARTITION BY live.table_id ORDER BY live.column_order))::INTEGER AS ordinal_position,
    system.main.__column_type(coalesce(parts, [{
        'column_id': live.column_id, 'column_name': live.column_name, 'column_type': live.column_type, 'parent_column': NULL
    }])) AS data_type,
    live.nulls_allowed AS is_nullable,
    if(live.default_value = 'NULL', NULL, live.default_value) AS column_default,
    tag.value AS description
FROM live
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = live.table_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN nested ON nested.table_id = live.table_id AND nested.root = live.column_id
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_column_tag tag
    ON tag.table_id = live.table_id AND tag.column_id = live.column_id AND tag.key = 'comment' AND tag.end_snapshot IS NULL
WHERE live.parent_column IS NULL AND schema_name NOT IN ('catalog', 'vectors', 'deleted');
