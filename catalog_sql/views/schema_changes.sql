-- What changed in the schemas of datasets: read from DuckLake's metadata since the newest change that was recorded, which
-- is done before snapshots expire. A row of a table, column or view ends in the snapshot in which the next one begins.
CREATE OR REPLACE VIEW lakehouse.catalog.schema_changes AS
WITH RECURSIVE mark AS (
    SELECT coalesce(max(snapshot_id), -1) AS recorded FROM lakehouse.catalog.schema_change_events
), named_schema AS (
    SELECT schema_id, arg_max(schema_name, begin_snapshot) AS schema_name
    FROM __ducklake_metadata_lakehouse.ducklake_schema GROUP BY schema_id
    HAVING arg_max(schema_name, begin_snapshot) NOT IN ('catalog', 'vectors', 'deleted')
), tables AS (
    SELECT t.*, schema_name, if(schema_name = 'main', table_name, schema_name || '.' || table_name) AS dataset
    FROM __ducklake_metadata_lakehouse.ducklake_table t JOIN named_schema USING (schema_id)
), born AS (
    SELECT table_id, min(begin_snapshot) AS born_snapshot FROM tables GROUP BY table_id
), begun_tables AS (
    SELECT n.begin_snapshot AS snapshot_id, n.dataset, n.table_id, o.table_id IS NULL AS is_new, o.table_name AS old_name,
        n.table_name AS new_name
    FROM tables n LEFT JOIN tables o ON o.table_id = n.table_id AND o.end_snapshot = n.begin_snapshot
    WHERE n.begin_snapshot > (SELECT recorded FROM mark)
), ended_tables AS (
    SELECT o.end_snapshot AS snapshot_id, o.dataset, o.table_id
    FROM tables o ANTI JOIN tables n ON n.table_id = o.table_id AND n.begin_snapshot = o.end_snapshot
    WHERE o.end_snapshot > (SELECT recorded FROM mark)
), views AS (
    SELECT v.view_id, v.begin_snapshot, v.end_snapshot,
        if(schema_name = 'main', view_name, schema_name || '.' || view_name) AS dataset
    FROM __ducklake_metadata_lakehouse.ducklake_view v JOIN named_schema USING (schema_id)
    WHERE NOT starts_with(lower(view_name), '__raw__')
), touched AS (
    SELECT c.* FROM __ducklake_metadata_lakehouse.ducklake_column c JOIN born USING (table_id)
    WHERE c.begin_snapshot > greatest(born_snapshot, (SELECT recorded FROM mark))
        OR c.end_snapshot > (SELECT recorded FROM mark)
), type_names AS (
    SELECT column_type, system.main.__column_type([{
        'column_id': 1, 'column_name': '', 'column_type': column_type, 'parent_column': NULL
    }]) AS type
    FROM (SELECT DISTINCT column_type FROM touched WHERE column_type NOT IN ('list', 'struct', 'map'))
    UNION ALL VALUES ('list', 'LIST'), ('struct', 'STRUCT'), ('map', 'MAP')
), cols AS (
    SELECT * FROM touched JOIN type_names USING (column_type)
), begun_cols AS (
    SELECT n.begin_snapshot AS snapshot_id, n.table_id, n.column_id, n.parent_column, n.column_name, o.column_id IS NULL AS is_new,
        o.column_name AS old_name, o.type AS old_type, n.type AS new_type,
        o.nulls_allowed AS old_nulls, n.nulls_allowed AS new_nulls,
        o.default_value AS old_default, n.default_value AS new_default
    FROM cols n JOIN born USING (table_id)
    LEFT JOIN cols o ON o.table_id = n.table_id AND o.column_id = n.column_id AND o.end_snapshot = n.begin_snapshot
    WHERE n.begin_snapshot > (SELECT recorded FROM mark) AND n.begin_snapshot > born_snapshot
), column_changes AS (
    SELECT snapshot_id, table_id, column_id, parent_column, column_name, 'add column' AS change,
        NULL AS old_value, new_type AS new_value FROM begun_cols WHERE is_new
    UNION ALL
    SELECT snapshot_id, table_id, column_id, parent_column, column_name, 'rename column', old_name, column_name
    FROM begun_cols WHERE NOT is_new AND old_name <> column_name
    UNION ALL
    SELECT snapshot_id, table_id, column_id, parent_column, column_name, 'retype column', old_type, new_type
    FROM begun_cols WHERE NOT is_new AND old_type <> new_type
    UNION ALL
    SELECT snapshot_id, table_id, column_id, parent_column, column_name,
        if(new_nulls, 'drop not null of column', 'set not null of column'), NULL, NULL
    FROM begun_cols WHERE NOT is_new AND old_nulls <> new_nulls
    UNION ALL
    SELECT snapshot_id, table_id, column_id, parent_column, column_name, 'set default of column', NULL, NULL
    FROM begun_cols WHERE NOT is_new AND old_default IS DISTINCT FROM new_default
    UNION ALL
    SELECT o.end_snapshot, o.table_id, o.column_id, o.parent_column, o.column_name, 'drop column', o.type, NULL
    FROM cols o
    ANTI JOIN cols n ON n.table_id = o.table_id AND n.column_id = o.column_id AND n.begin_snapshot = o.end_snapshot
    WHERE o.end_snapshot > (SELECT recorded FROM mark)
), parents AS (
    SELECT table_id, column_id, arg_max(column_name, begin_snapshot) AS column_name, any_value(parent_column) AS parent_column
    FROM __ducklake_metadata_lakehouse.ducklake_column
    WHERE table_id IN (SELECT table_id FROM column_changes WHERE parent_column IS NOT NULL) GROUP BY table_id, column_id
), paths AS (
    SELECT table_id, column_id, column_name AS path, parent_column FROM parents
    UNION ALL
    SELECT paths.table_id, paths.column_id, parents.column_name || '.' || path, parents.parent_column
    FROM paths JOIN parents ON parents.table_id = paths.table_id AND parents.column_id = paths.parent_column
), changes AS (
    SELECT c.snapshot_id, t.dataset, c.table_id, c.column_id, c.change, coalesce(paths.path, c.column_name) AS column_name,
        old_value, new_value
    FROM column_changes c
    JOIN tables t ON t.table_id = c.table_id AND t.begin_snapshot <= c.snapshot_id
        AND (t.end_snapshot IS NULL OR t.end_snapshot > c.snapshot_id)
    LEFT JOIN paths ON c.parent_column IS NOT NULL AND paths.parent_column IS NULL
        AND paths.table_id = c.table_id AND paths.column_id = c.column_id
    UNION ALL
    SELECT snapshot_id, dataset, table_id, NULL,
        if((snapshot_id, dataset) IN (SELECT (snapshot_id, dataset) FROM ended_tables), 'replace table', 'create table'),
        NULL, NULL, NULL
    FROM begun_tables WHERE is_new
    UNION ALL
    SELECT snapshot_id, dataset, table_id, NULL, 'rename table', NULL, old_name, new_name
    FROM begun_tables WHERE NOT is_new AND old_name <> new_name
    UNION ALL
    SELECT snapshot_id, dataset, table_id, NULL, 'drop table', NULL, NULL, NULL FROM ended_tables
    WHERE (snapshot_id, dataset) NOT IN (SELECT (snapshot_id, dataset) FROM begun_tables WHERE is_new)
    UNION ALL
    SELECT n.begin_snapshot, n.dataset, NULL, NULL, if(o.view_id IS NULL, 'create view', 'replace view'), NULL, NULL, NULL
    FROM views n LEFT JOIN views o ON o.dataset = n.dataset AND o.end_snapshot = n.begin_snapshot
    WHERE n.begin_snapshot > (SELECT recorded FROM mark)
    UNION ALL
    SELECT o.end_snapshot, o.dataset, NULL, NULL, 'drop view', NULL, NULL, NULL
    FROM views o ANTI JOIN views n ON n.dataset = o.dataset AND n.begin_snapshot = o.end_snapshot
    WHERE o.end_snapshot > (SELECT recorded FROM mark)
)
SELECT changes.*, c.author AS actor, c.commit_message AS source, s.snapshot_time AS changed_at
FROM changes
JOIN __ducklake_metadata_lakehouse.ducklake_snapshot s USING (snapshot_id)
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_snapshot_changes c USING (snapshot_id)
UNION
SELECT snapshot_id, dataset, table_id, column_id, change, column_name, old_value, new_value, actor, source, changed_at
FROM lakehouse.catalog.schema_change_events;
COMMENT ON VIEW lakehouse.catalog.schema_changes IS 'Changes of tables, views and columns: when, by whom, from what to what.';
