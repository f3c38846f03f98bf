-- Declared keys whose tables and columns are all there, under the names that those have now. They are not enforced.
CREATE OR REPLACE VIEW lakehouse.catalog.primary_keys AS
WITH latest AS (
    SELECT * FROM lakehouse.catalog.key_events WHERE kind = 'primary'
    QUALIFY row_number() OVER (PARTITION BY table_id ORDER BY changed_at DESC) = 1
), parts AS (
    SELECT table_id, unnest(column_ids) AS column_id, generate_subscripts(column_ids, 1) AS place
    FROM latest WHERE NOT dropped
), named AS (
    SELECT table_id, list(c.column_name ORDER BY place) AS column_names
    FROM parts JOIN __ducklake_metadata_lakehouse.ducklake_column c USING (table_id, column_id)
    WHERE c.end_snapshot IS NULL GROUP BY table_id
)
SELECT
    if(schema_name = 'main', t.table_name, schema_name || '.' || t.table_name) AS dataset,
    schema_name, t.table_name, key_name, named.column_names, verified, actor AS declared_by, changed_at AS declared_at
FROM latest JOIN named USING (table_id)
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = latest.table_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE len(named.column_names) = len(latest.column_ids);
COMMENT ON VIEW lakehouse.catalog.primary_keys IS 'Declared primary keys. They are not enforced.';

CREATE OR REPLACE VIEW lakehouse.catalog.foreign_keys AS
WITH latest AS (
    SELECT *, row_number() OVER () AS number FROM (
        SELECT * FROM lakehouse.catalog.key_events WHERE kind = 'foreign'
        QUALIFY row_number() OVER (PARTITION BY table_id, lower(key_name) ORDER BY changed_at DESC) = 1
    ) WHERE NOT dropped
), parts AS (
    SELECT number, table_id, referenced_table_id, unnest(column_ids) AS column_id,
        unnest(referenced_column_ids) AS referenced_column_id, generate_subscripts(column_ids, 1) AS place
    FROM latest
), named AS (
    SELECT number, list(c.column_name ORDER BY place) AS column_names,
        list(r.column_name ORDER BY place) AS referenced_column_names
    FROM parts
    JOIN __ducklake_metadata_lakehouse.ducklake_column c
        ON c.table_id = parts.table_id AND c.column_id = parts.column_id AND c.end_snapshot IS NULL
    JOIN __ducklake_metadata_lakehouse.ducklake_column r
        ON r.table_id = referenced_table_id AND r.column_id = referenced_column_id AND r.end_snapshot IS NULL
    GROUP BY number
)
SELECT
    if(s.schema_name = 'main', t.table_name, s.schema_name || '.' || t.table_name) AS dataset,
    s.schema_name, t.table_name, latest.key_name, named.column_names,
    if(rs.schema_name = 'main', rt.table_name, rs.schema_name || '.' || rt.table_name) AS referenced_dataset,
    rs.schema_name AS referenced_schema_name, rt.table_name AS referenced_table_name, named.referenced_column_names,
    referenced.key_name AS referenced_key_name, latest.verified, actor AS declared_by, changed_at AS declared_at
FROM latest JOIN named USING (number)
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = latest.table_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_table rt ON rt.table_id = referenced_table_id AND rt.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema rs ON rs.schema_id = rt.schema_id AND rs.end_snapshot IS NULL
LEFT JOIN lakehouse.catalog.primary_keys referenced
    ON referenced.schema_name = rs.schema_name AND referenced.table_name = rt.table_name
    AND list_sort(referenced.column_names) = list_sort(named.referenced_column_names)
WHERE len(named.column_names) = len(latest.column_ids);
COMMENT ON VIEW lakehouse.catalog.foreign_keys IS 'Declared foreign keys. They are not enforced.';
