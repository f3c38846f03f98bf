-- Columns of the tables in catalog.datasets, from DuckLake's metadata, with what was found and said of them. What nobody
-- said of a column and nothing was found of is as sensitive as its dataset.
CREATE OR REPLACE VIEW lakehouse.catalog.columns AS
WITH named AS MATERIALIZED (
    SELECT table_id, if(schema_name = 'main', table_name, schema_name || '.' || table_name) AS dataset
    FROM __ducklake_metadata_lakehouse.ducklake_table t JOIN __ducklake_metadata_lakehouse.ducklake_schema s USING (schema_id)
    WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL AND schema_name NOT IN ('catalog', 'vectors', 'deleted')
), graded AS MATERIALIZED (
    SELECT table_id, named.dataset, said.value AS sensitivity FROM named
    LEFT JOIN lakehouse.catalog.dataset_metadata said ON said.key = 'sensitivity' AND lower(said.dataset) = lower(named.dataset)
), placed AS (
    -- By itself: a window over whole rows takes three times as long.
    SELECT table_id, column_id, row_number() OVER (PARTITION BY table_id ORDER BY column_order) AS place
    FROM __ducklake_metadata_lakehouse.ducklake_column WHERE end_snapshot IS NULL AND parent_column IS NULL
)
SELECT
    dataset, types.column_name, placed.place::INTEGER AS ordinal_position,
    types.data_type, types.is_nullable, types.column_default,
    tag.value AS description,
    facts.pii_kind, facts.pii_confidence, facts.pii_source,
    coalesce(facts.sensitivity, graded.sensitivity) AS sensitivity
FROM lakehouse.catalog.column_types types
JOIN graded USING (table_id)
JOIN placed ON placed.table_id = types.table_id AND placed.column_id = types.column_id
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_column_tag tag
    ON tag.table_id = types.table_id AND tag.column_id = types.column_id AND tag.key = 'comment' AND tag.end_snapshot IS NULL
LEFT JOIN lakehouse.catalog.column_facts facts ON facts.table_id = types.table_id AND facts.column_id = types.column_id;
COMMENT ON VIEW lakehouse.catalog.columns IS 'Columns of people''s tables: type, description, personal data that was found in them or that people named, sensitivity.';
