-- Every edge that was ever recorded, under the names that its ends have now. What has no identifier yet is the object of its
-- name in the snapshot of the edge's commit. What is gone keeps the name that it had.
CREATE OR REPLACE VIEW lakehouse.catalog.lineage_edges AS
WITH events AS (
    SELECT *, e.snapshot_id AS committed_in FROM lakehouse.catalog.lineage_events e
    UNION ALL BY NAME
    SELECT 'ingest ' || ingest_id AS edge_id, 'ingest' AS kind, '' AS source_schema, file_name AS source_name,
        if(contains(dataset, '.'), split_part(dataset, '.', 1), 'main') AS target_schema,
        if(contains(dataset, '.'), substr(dataset, strpos(dataset, '.') + 1), dataset) AS target_name,
        actor, ingested_at AS recorded_at, i.snapshot_id AS committed_in
    FROM lakehouse.catalog.ingests i
), latest AS (
    SELECT * FROM events QUALIFY row_number() OVER (PARTITION BY edge_id ORDER BY settled_at DESC NULLS LAST) = 1
), objects AS (
    SELECT table_id AS object_id, schema_id, table_name AS name, 'table' AS kind, begin_snapshot, end_snapshot
    FROM __ducklake_metadata_lakehouse.ducklake_table
    UNION ALL
    SELECT view_id, schema_id, view_name, 'view', begin_snapshot, end_snapshot
    FROM __ducklake_metadata_lakehouse.ducklake_view
), named AS (
    SELECT object_id, lower(schema_name) AS schema_key, lower(name) AS name_key, kind, begin_snapshot,
        coalesce(end_snapshot, 9223372036854775807) AS end_snapshot, end_snapshot IS NULL AS is_live,
        if(schema_name = 'main', name, schema_name || '.' || name) AS dataset
    FROM objects JOIN (SELECT DISTINCT schema_id, schema_name FROM __ducklake_metadata_lakehouse.ducklake_schema) USING (schema_id)
), columns AS (
    SELECT table_id, column_id, column_name, lower(column_name) AS column_key, begin_snapshot,
        coalesce(end_snapshot, 9223372036854775807) AS end_snapshot, end_snapshot IS NULL AS is_live
    FROM __ducklake_metadata_lakehouse.ducklake_column WHERE parent_column IS NULL
), placed AS (
    SELECT e.*, coalesce(source_id, s.object_id) AS source_object, coalesce(target_id, t.object_id) AS target_object
    FROM latest e
    LEFT JOIN named s ON source_id IS NULL AND settled_at IS NULL AND s.schema_key = lower(source_schema)
        AND s.name_key = lower(source_name) AND committed_in >= s.begin_snapshot AND committed_in < s.end_snapshot
    LEFT JOIN named t ON target_id IS NULL AND settled_at IS NULL AND t.schema_key = lower(target_schema)
        AND t.name_key = lower(target_name) AND committed_in >= t.begin_snapshot AND committed_in < t.end_snapshot
), identified AS (
    -- A view that was replaced is another object of the same name. Views over it read the one that is there now, and tables
    -- that were made from them before have values of the one before, nobody knows which: an edge for each.
    SELECT e.*, unnest(if(sv.object_id IS NULL, [source_object], [sv.object_id, source_object])) AS read_object,
        sv.object_id IS NOT NULL AND read_object = source_object AS is_former,
        coalesce(source_column_id, sc.column_id) AS source_field, coalesce(target_column_id, tc.column_id) AS target_field
    FROM placed e
    LEFT JOIN named so ON so.is_live AND so.object_id = source_object
    LEFT JOIN named sv ON so.object_id IS NULL AND source_object IS NOT NULL AND e.kind = 'view' AND sv.is_live AND sv.kind = 'view' AND sv.schema_key = lower(source_schema)
        AND sv.name_key = lower(source_name)
    LEFT JOIN columns sc ON source_column_id IS NULL AND settled_at IS NULL AND sc.table_id = source_object
        AND sc.column_key = lower(source_column) AND committed_in >= sc.begin_snapshot AND committed_in < sc.end_snapshot
    LEFT JOIN columns tc ON target_column_id IS NULL AND settled_at IS NULL AND tc.table_id = target_object
        AND tc.column_key = lower(target_column) AND committed_in >= tc.begin_snapshot AND committed_in < tc.end_snapshot
), index_events AS (
    SELECT * FROM lakehouse.catalog.vector_index_events
    QUALIFY row_number() OVER (PARTITION BY index_name ORDER BY changed_at DESC) = 1
), indexed AS (
    SELECT index_name, dataset, actor, changed_at, unnest([
        {'source_column': key_column, 'target_column': 'doc_id', 'transformation': 'IDENTITY'},
        {'source_column': vector_column, 'target_column': 'embedding', 'transformation': 'IDENTITY'}
    ] || list_transform(coalesce(text_columns, []), c ->
        {'source_column': c, 'target_column': 'chunk_text', 'transformation': 'TRANSFORMATION'}), max_depth := 2)
    FROM index_events WHERE NOT dropped
)
SELECT
    edge_id, e.kind, if(is_former AND e.transformation IN ('IDENTITY', 'TRANSFORMATION'), NULL, e.transformation) AS transformation,
    CASE WHEN e.transformation IN ('IDENTITY', 'TRANSFORMATION', 'AGGREGATION') THEN 'DIRECT'
        WHEN e.transformation IS NOT NULL THEN 'INDIRECT' END AS transformation_type,
    coalesce(so.dataset, if(source_schema IN ('', 'main'), source_name, source_schema || '.' || source_name)) AS source_dataset,
    coalesce(sc.column_name, source_column) AS source_column,
    source_schema = '' OR (so.object_id IS NOT NULL
        AND (source_column IS NULL OR so.kind = 'view' OR sc.column_id IS NOT NULL)) AS source_exists,
    if(source_schema = '', 'file ' || source_name, coalesce(read_object::VARCHAR, 'gone ' || lower(source_schema || '.' || source_name))) AS source_node,
    coalesce(ta.dataset, if(target_schema = 'main', target_name, target_schema || '.' || target_name)) AS target_dataset,
    coalesce(tc.column_name, target_column) AS target_column,
    NOT is_former AND ta.object_id IS NOT NULL AND (target_column IS NULL OR ta.kind = 'view' OR tc.column_id IS NOT NULL) AS target_exists,
    coalesce(target_object::VARCHAR, 'gone ' || lower(target_schema || '.' || target_name)) AS target_node,
    source_schema, source_name, source_object AS source_id, source_field AS source_column_id,
    target_schema, target_name, target_object AS target_id, target_field AS target_column_id,
    nullif(statement_hmac, '') AS statement_hmac, actor, recorded_at,
    is_former OR settled_at IS NOT NULL OR ((e.source_id IS NOT NULL OR source_schema = '') AND e.target_id IS NOT NULL) AS is_settled
FROM identified e
LEFT JOIN named so ON so.is_live AND so.object_id = read_object
LEFT JOIN named ta ON ta.is_live AND ta.object_id = target_object
LEFT JOIN columns sc ON sc.is_live AND sc.table_id = source_object AND sc.column_id = source_field
LEFT JOIN columns tc ON tc.is_live AND tc.table_id = target_object AND tc.column_id = target_field
UNION ALL BY NAME
SELECT
    'index ' || index_name AS edge_id, 'index' AS kind, transformation, 'DIRECT' AS transformation_type,
    coalesce(so.dataset, i.dataset) AS source_dataset, coalesce(sc.column_name, source_column) AS source_column,
    so.object_id IS NOT NULL AND (so.kind = 'view' OR sc.column_id IS NOT NULL) AS source_exists,
    coalesce(so.object_id::VARCHAR, 'gone ' || lower(i.dataset)) AS source_node,
    index_name AS target_dataset, target_column, true AS target_exists, 'index ' || lower(index_name) AS target_node,
    so.object_id AS source_id, sc.column_id AS source_column_id, actor, changed_at AS recorded_at, true AS is_settled
FROM indexed i
LEFT JOIN named so ON so.is_live AND lower(so.dataset) = lower(i.dataset)
LEFT JOIN columns sc ON sc.is_live AND sc.table_id = so.object_id AND sc.column_key = lower(source_column)
WHERE source_column IS NOT NULL
UNION ALL BY NAME
-- What people said of where a dataset's rows come from. Readers of recorded edges ask for other kinds, and this is not read.
SELECT
    'system ' || ids.object_id AS edge_id, 'system' AS kind, value AS source_dataset, true AS source_exists,
    'system ' || value AS source_node, ids.dataset AS target_dataset, true AS target_exists,
    ids.object_id::VARCHAR AS target_node, ids.object_id AS target_id, actor, changed_at AS recorded_at, true AS is_settled
FROM lakehouse.catalog.dataset_metadata said
JOIN lakehouse.catalog.dataset_ids ids ON is_live AND lower(ids.dataset) = lower(said.dataset)
WHERE key = 'source_system';
COMMENT ON VIEW lakehouse.catalog.lineage_edges IS 'Every edge of lineage that was ever recorded, with the numbers of tables and columns, under the names of today.';

-- The edges that count now: into what is there. A source that is gone shows under the name that it had.
CREATE OR REPLACE VIEW lakehouse.catalog.lineage AS
SELECT source_dataset, source_column, target_dataset, target_column, kind, transformation, transformation_type,
    source_exists, arg_max(statement_hmac, recorded_at) AS statement_hmac, arg_max(actor, recorded_at) AS actor,
    min(recorded_at) AS first_recorded_at, max(recorded_at) AS recorded_at
FROM lakehouse.catalog.lineage_edges WHERE target_exists
GROUP BY ALL;
COMMENT ON VIEW lakehouse.catalog.lineage IS 'What each table, view and index that is there was made from, by column.';
