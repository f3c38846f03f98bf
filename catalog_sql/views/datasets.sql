-- DuckLake's number of each table and view that it knows, with the latest name. Control schemas are left out, here and
-- below.
CREATE OR REPLACE VIEW lakehouse.catalog.dataset_ids AS
WITH named AS (
    SELECT table_id AS object_id, schema_id, table_name AS name, 'table' AS kind, begin_snapshot, end_snapshot
    FROM __ducklake_metadata_lakehouse.ducklake_table
    UNION ALL
    SELECT view_id, schema_id, view_name, 'view', begin_snapshot, end_snapshot
    FROM __ducklake_metadata_lakehouse.ducklake_view WHERE NOT starts_with(lower(view_name), '__raw__')
), latest AS (
    -- A rename ends a row and begins another one of the same number.
    SELECT object_id, any_value(kind) AS kind, arg_max(schema_id, begin_snapshot) AS schema_id,
        arg_max(name, begin_snapshot) AS name, min(begin_snapshot) AS begin_snapshot, bool_or(end_snapshot IS NULL) AS is_live
    FROM named GROUP BY object_id
), live_schema AS (
    SELECT DISTINCT schema_id, schema_name FROM __ducklake_metadata_lakehouse.ducklake_schema
    WHERE schema_name NOT IN ('catalog', 'vectors', 'deleted')
)
SELECT object_id, if(schema_name = 'main', name, schema_name || '.' || name) AS dataset, kind, is_live, begin_snapshot
FROM latest JOIN live_schema USING (schema_id);
COMMENT ON VIEW lakehouse.catalog.dataset_ids IS 'The number that DuckLake gives each table and view, which a rename keeps, with its latest name; gone ones too.';

-- What set_metadata set, the latest value of each key. What was said of a table or view is shown under the name that it
-- has now; once that is gone it belongs to the name, and to whatever has this name next.
CREATE OR REPLACE VIEW lakehouse.catalog.dataset_metadata AS
WITH noted AS (
    -- The table is read once: each change of it is a file, until these are compacted.
    SELECT object_id, key, value, actor, changed_at,
        if(object_id IS NULL, dataset, arg_max(dataset, changed_at) OVER (PARTITION BY object_id)) AS dataset
    FROM lakehouse.catalog.dataset_metadata_events
), named AS (
    SELECT coalesce(ids.dataset, noted.dataset) AS dataset, key, value, actor, changed_at, object_id
    FROM noted LEFT JOIN lakehouse.catalog.dataset_ids ids USING (object_id)
)
SELECT dataset, key, value, actor, changed_at, object_id FROM named
QUALIFY row_number() OVER (PARTITION BY lower(dataset), key ORDER BY changed_at DESC) = 1 AND value IS NOT NULL;
COMMENT ON VIEW lakehouse.catalog.dataset_metadata IS 'What set_metadata set, the latest value of each key, by the name that the dataset has now.';

-- Every commit that wrote rows of a dataset or took some away, as far as snapshots tell. Writing the same rows into other
-- files is no change.
CREATE OR REPLACE VIEW lakehouse.catalog.dataset_writes AS
WITH told AS (
    -- Names stand in quotes and may hold anything: every other part is outside of them.
    SELECT snapshot_id, unnest(string_split(array_to_string(string_split(changes_made, '"')[1:-:2], ''), ',')) AS part
    FROM __ducklake_metadata_lakehouse.ducklake_snapshot_changes
    WHERE contains(changes_made, 'inserted_into_table:') OR contains(changes_made, 'deleted_from_table:')
)
SELECT TRY_CAST(split_part(part, ':', 2) AS BIGINT) AS object_id, snapshot_id,
    if(starts_with(part, 'inserted'), 'insert', 'delete') AS change
FROM told WHERE starts_with(part, 'inserted_into_table:') OR starts_with(part, 'deleted_from_table:');
COMMENT ON VIEW lakehouse.catalog.dataset_writes IS 'Each commit that wrote or deleted rows of a table, while its snapshot is kept. Compactions are none.';

-- When each dataset was made, and its rows last changed, by the snapshots that there are and by those that have expired.
CREATE OR REPLACE VIEW lakehouse.catalog.dataset_changes AS
WITH written AS (
    SELECT object_id, max(snapshot_id) AS snapshot_id FROM lakehouse.catalog.dataset_writes GROUP BY object_id
), latest AS (
    SELECT object_id, unnest(['created', 'changed']) AS change, unnest([begin_snapshot, written.snapshot_id]) AS snapshot_id
    FROM lakehouse.catalog.dataset_ids LEFT JOIN written USING (object_id) WHERE is_live
)
SELECT object_id, change, snapshot_id, c.author AS actor, s.snapshot_time AS changed_at
FROM latest JOIN __ducklake_metadata_lakehouse.ducklake_snapshot s USING (snapshot_id)
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_snapshot_changes c USING (snapshot_id)
UNION ALL
SELECT object_id, change, snapshot_id, actor, changed_at FROM lakehouse.catalog.dataset_change_events WHERE object_id >= 0;
COMMENT ON VIEW lakehouse.catalog.dataset_changes IS 'When each table and view was made and its rows last changed, and by whom, by snapshots and after them.';

-- What people said of each dataset, and when it changed.
CREATE OR REPLACE VIEW lakehouse.catalog.dataset_facts AS
WITH named AS (
    SELECT lower(dataset) AS dataset, map_from_entries(list_sort(list((key, value)))) AS metadata
    FROM lakehouse.catalog.dataset_metadata GROUP BY ALL
), changed AS (
    SELECT object_id, max(changed_at) AS last_changed_at, arg_max_null(actor, changed_at) AS changed_by,
        min(changed_at) FILTER (change = 'created') AS created_at
    FROM lakehouse.catalog.dataset_changes GROUP BY object_id
)
SELECT ids.object_id, ids.dataset, kind, metadata, metadata['owner'] AS owner, metadata['sensitivity'] AS sensitivity,
    CAST(metadata['expected_every_s'] AS DOUBLE) AS expected_every_s,
    if(kind = 'table', last_changed_at, NULL) AS last_changed_at, if(kind = 'table', changed_by, NULL) AS changed_by,
    created_at
FROM lakehouse.catalog.dataset_ids ids
LEFT JOIN named ON named.dataset = lower(ids.dataset)
LEFT JOIN changed USING (object_id)
WHERE is_live;
COMMENT ON VIEW lakehouse.catalog.dataset_facts IS 'What was said of each table and view and when it changed: what datasets and overdue have in common.';

-- Tables and views that hold people's data, with what DuckLake knows of them and what people said of them.
CREATE OR REPLACE VIEW lakehouse.catalog.datasets AS
WITH written AS (
    SELECT table_id, sum(record_count) AS row_count, sum(file_size_bytes) AS file_bytes, count(*) AS file_count
    FROM __ducklake_metadata_lakehouse.ducklake_data_file WHERE end_snapshot IS NULL GROUP BY table_id
), removed AS (
    -- A data file whose last row goes is ended, its delete file is not.
    SELECT d.table_id, sum(d.delete_count) AS row_count
    FROM __ducklake_metadata_lakehouse.ducklake_delete_file d
    JOIN __ducklake_metadata_lakehouse.ducklake_data_file f USING (data_file_id)
    WHERE d.end_snapshot IS NULL AND f.end_snapshot IS NULL GROUP BY d.table_id
), described AS (
    SELECT object_id, value FROM __ducklake_metadata_lakehouse.ducklake_tag
    WHERE end_snapshot IS NULL AND key = 'comment'
), shaped AS (
    -- Sorting a list costs a third of what an aggregate in an order does.
    SELECT table_id, sha256(array_to_string(list_transform(list_sort(list({
        'place': column_order,
        'text': '"' || replace(column_name, '"', '""') || '" ' || data_type || if(is_nullable, '', ' NOT NULL')
    })), e -> e.text), ', ')) AS schema_fingerprint
    FROM lakehouse.catalog.column_types GROUP BY table_id
)
SELECT
    facts.dataset,
    kind,
    if(kind = 'table', coalesce(written.row_count, 0) - coalesce(removed.row_count, 0), NULL)::BIGINT AS row_count,
    described.value AS description,
    owner,
    from_json(metadata['tags'], '["VARCHAR"]') AS tags,
    map_from_entries(list_filter(
        map_entries(metadata), e -> e.key NOT IN ('owner', 'tags', 'sensitivity', 'expected_every_s'))) AS metadata,
    if(kind = 'table', coalesce(written.file_bytes, 0), NULL)::BIGINT AS file_bytes,
    if(kind = 'table', coalesce(written.file_count, 0), NULL)::BIGINT AS file_count,
    created_at,
    sensitivity,
    last_changed_at,
    changed_by,
    expected_every_s,
    now() > last_changed_at + to_seconds(expected_every_s) AS overdue,
    schema_fingerprint
FROM lakehouse.catalog.dataset_facts facts
LEFT JOIN described ON described.object_id = facts.object_id
LEFT JOIN written ON written.table_id = facts.object_id
LEFT JOIN removed ON removed.table_id = facts.object_id
LEFT JOIN shaped ON shaped.table_id = facts.object_id;
COMMENT ON VIEW lakehouse.catalog.datasets IS 'Tables and views of people''s data: size, description, owner, tags, sensitivity, last change, freshness, fingerprint of the schema.';
