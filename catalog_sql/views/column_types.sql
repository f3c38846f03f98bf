-- Top-level columns of every table with the numbers that DuckLake gives them; types are named as DuckDB names them. One
-- name is made for each scalar type, and for each nested column: there are far fewer of these than columns.
CREATE OR REPLACE VIEW lakehouse.catalog.column_types AS
WITH RECURSIVE live AS (
    SELECT table_id, column_id, column_order, column_name, column_type, nulls_allowed, default_value, parent_column
    FROM __ducklake_metadata_lakehouse.ducklake_column WHERE end_snapshot IS NULL
), part AS (
    SELECT * FROM live WHERE parent_column IS NOT NULL
), tree AS (
    SELECT table_id, column_id AS root, column_id, column_name, column_type, parent_column
    FROM live WHERE parent_column IS NULL AND column_type IN ('list', 'struct', 'map')
    UNION ALL
    SELECT part.table_id, tree.root, part.column_id, part.column_name, part.column_type, part.parent_column
    FROM part JOIN tree ON part.table_id = tree.table_id AND part.parent_column = tree.column_id
), nested AS (
    -- Numbered from the column itself, so that those of one type are equal; parts have their numbers in their order.
    SELECT table_id, root, list_sort(list({
        'column_id': column_id - root, 'column_name': if(column_id = root, '', column_name), 'column_type': column_type,
        'parent_column': parent_column - root
    })) AS parts
    FROM tree GROUP BY table_id, root
), shape AS (
    SELECT parts, system.main.__column_type(parts) AS data_type FROM (SELECT DISTINCT parts FROM nested)
), scalar AS (
    SELECT column_type, system.main.__column_type([{
        'column_id': 0::BIGINT, 'column_name': '', 'column_type': column_type, 'parent_column': NULL::BIGINT
    }]) AS data_type
    FROM (SELECT DISTINCT column_type FROM live WHERE column_type NOT IN ('list', 'struct', 'map'))
)
SELECT
    live.table_id, live.column_id, live.column_order, live.column_name,
    coalesce(scalar.data_type, shape.data_type) AS data_type,
    live.nulls_allowed AS is_nullable,
    if(live.default_value = 'NULL', NULL, live.default_value) AS column_default
FROM live
LEFT JOIN scalar ON scalar.column_type = live.column_type
LEFT JOIN nested ON nested.table_id = live.table_id AND nested.root = live.column_id
LEFT JOIN shape ON shape.parts = nested.parts
WHERE live.parent_column IS NULL;
COMMENT ON VIEW lakehouse.catalog.column_types IS 'Each top-level column of every table, with its type as DuckDB names it and the numbers that DuckLake gives.';
