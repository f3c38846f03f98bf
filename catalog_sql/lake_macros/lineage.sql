-- Paths are followed edge by edge, by identity: a name that was used twice is two things. UNION takes each edge up once, so a
-- circle ends. asked_column NULL means all of the dataset.
CREATE OR REPLACE MACRO memory.main.column_sources(asked_dataset, asked_column := NULL) AS TABLE
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT DISTINCT source_dataset, source_column, source_exists, source_node, target_dataset, target_column, target_exists,
        target_node, kind, transformation, coalesce(transformation_type = 'DIRECT', false) AS direct
    FROM lakehouse.catalog.lineage_edges
), walked AS (
    SELECT *, direct AS is_direct FROM edges
    WHERE target_exists AND lower(target_dataset) = lower(CAST(asked_dataset AS VARCHAR))
        AND (asked_column IS NULL OR target_column IS NULL OR lower(target_column) = lower(CAST(asked_column AS VARCHAR)))
    UNION
    SELECT e.*, walked.is_direct AND e.direct FROM walked JOIN edges e ON e.target_node = walked.source_node
        AND (e.target_column IS NULL OR walked.source_column IS NULL OR lower(e.target_column) = lower(walked.source_column))
)
SELECT source_dataset, source_column, target_dataset, target_column, kind, transformation, bool_or(is_direct) AS is_direct,
    source_exists
FROM walked GROUP BY ALL;

CREATE OR REPLACE MACRO memory.main.column_targets(asked_dataset, asked_column := NULL) AS TABLE
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT DISTINCT source_dataset, source_column, source_exists, source_node, target_dataset, target_column, target_exists,
        target_node, kind, transformation, coalesce(transformation_type = 'DIRECT', false) AS direct
    FROM lakehouse.catalog.lineage_edges
), walked AS (
    SELECT *, direct AS is_direct FROM edges
    WHERE lower(source_dataset) = lower(CAST(asked_dataset AS VARCHAR))
        AND (asked_column IS NULL OR source_column IS NULL OR lower(source_column) = lower(CAST(asked_column AS VARCHAR)))
    UNION
    SELECT e.*, walked.is_direct AND e.direct FROM walked JOIN edges e ON e.source_node = walked.target_node
        AND (e.source_column IS NULL OR walked.target_column IS NULL OR lower(e.source_column) = lower(walked.target_column))
)
SELECT target_dataset, target_column, source_dataset, source_column, kind, transformation, bool_or(is_direct) AS is_direct,
    target_exists
FROM walked GROUP BY ALL;
