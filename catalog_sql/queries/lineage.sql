-- stored --
WITH live AS (
    SELECT table_id AS object_id, schema_id, table_name AS name, 'table' AS kind
    FROM __ducklake_metadata_lakehouse.ducklake_table WHERE end_snapshot IS NULL
    UNION ALL
    SELECT view_id, schema_id, view_name, 'view' FROM __ducklake_metadata_lakehouse.ducklake_view WHERE end_snapshot IS NULL
), wanted AS (SELECT * FROM live WHERE lower(name) IN (SELECT unnest(?::VARCHAR[])))
SELECT schema_name, name, object_id, kind,
    list(column_name ORDER BY column_order) FILTER (column_name IS NOT NULL),
    list(column_id ORDER BY column_order) FILTER (column_name IS NOT NULL)
FROM wanted
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = wanted.schema_id AND s.end_snapshot IS NULL
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_column c
    ON c.table_id = object_id AND kind = 'table' AND c.end_snapshot IS NULL AND parent_column IS NULL
GROUP BY ALL ORDER BY ALL;

-- index --
SELECT dataset, key_column, text_columns, vector_column FROM lakehouse.catalog.vector_index_events
WHERE lower(index_name) = lower(?)
QUALIFY row_number() OVER (PARTITION BY index_name ORDER BY changed_at DESC) = 1 AND NOT dropped;

-- record --
INSERT INTO lakehouse.catalog.lineage_events
SELECT edge_id, kind, transformation, source_schema, source_name, source_id, source_column, source_column_id,
    target_schema, target_name, target_id, target_column, target_column_id, statement_hmac, actor, now(), NULL
FROM lakehouse_edges;

-- known --
SELECT DISTINCT kind, transformation, source_schema, source_name, source_id, source_column, source_column_id, target_column,
    target_column_id
FROM lakehouse.catalog.lineage_edges WHERE target_id = ? AND target_exists AND source_exists AND kind <> 'system';

-- unsettled --
SELECT count(*) FROM lakehouse.catalog.lineage_edges WHERE NOT is_settled;

-- settle --
INSERT INTO lakehouse.catalog.lineage_events
SELECT edge_id, kind, transformation, source_schema, source_name, source_id, source_column, source_column_id,
    target_schema, target_name, target_id, target_column, target_column_id, coalesce(statement_hmac, ''), actor, recorded_at, now()
FROM lakehouse.catalog.lineage_edges WHERE NOT is_settled;

-- downstream --
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT DISTINCT source_dataset, source_column, source_node, target_dataset, target_column, target_exists, target_node,
        kind, transformation, coalesce(transformation_type = 'DIRECT', false) AS direct
    FROM lakehouse.catalog.lineage_edges WHERE kind <> 'system'
), walked AS (
    SELECT *, direct AS is_direct, kind IN ('view', 'index') AS reads FROM edges
    WHERE lower(source_dataset) = lower($dataset)
        AND ($column IS NULL OR source_column IS NULL OR lower(source_column) = lower($column))
    UNION
    SELECT e.*, walked.is_direct AND e.direct, walked.reads AND e.kind IN ('view', 'index')
    FROM walked JOIN edges e ON e.source_node = walked.target_node
        AND (e.source_column IS NULL OR walked.target_column IS NULL OR lower(e.source_column) = lower(walked.target_column))
)
SELECT target_dataset, target_column, kind, transformation, bool_or(is_direct), bool_or(reads)
FROM walked WHERE target_exists GROUP BY ALL ORDER BY ALL;

-- flows --
-- Tables that values of a dataset flow into, however many steps away. grade: of all steps, 0 as they are, 1 computed row by
-- row, 2 from several rows or not known. names: the dataset's, and what else shows its rows, in lower case.
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT DISTINCT source_dataset, source_column, source_node, target_dataset, target_column, target_exists, target_node,
        target_id, kind, CASE transformation WHEN 'IDENTITY' THEN 0 WHEN 'TRANSFORMATION' THEN 1 ELSE 2 END AS grade
    FROM lakehouse.catalog.lineage_edges
    WHERE kind <> 'index' AND (transformation IS NULL OR transformation_type = 'DIRECT')
), walked AS (
    SELECT source_column AS root, * FROM edges WHERE list_contains($names::VARCHAR[], lower(source_dataset))
    UNION
    SELECT walked.root, e.* REPLACE (greatest(walked.grade, e.grade) AS grade)
    FROM walked JOIN edges e ON e.source_node = walked.target_node
        AND (e.source_column IS NULL OR walked.target_column IS NULL OR lower(e.source_column) = lower(walked.target_column))
)
SELECT s.schema_name, t.table_name, root, target_column, min(grade) FROM walked
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = target_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE target_exists AND kind = 'table' AND NOT list_contains($names::VARCHAR[], lower(target_dataset))
GROUP BY ALL ORDER BY ALL;

-- exported --
SELECT target_dataset, target_column, source_dataset, source_column, kind, transformation, transformation_type,
    statement_hmac, epoch_us(recorded_at)
FROM lakehouse.catalog.lineage WHERE $dataset IS NULL OR lower(target_dataset) = lower($dataset) ORDER BY ALL;

-- columns --
SELECT dataset, column_name, data_type FROM lakehouse.catalog.columns ORDER BY dataset, ordinal_position;
