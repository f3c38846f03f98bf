-- table_id --
SELECT t.table_id FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND s.schema_name = ? AND t.table_name = ?;

-- columns --
SELECT column_name, column_id FROM __ducklake_metadata_lakehouse.ducklake_column
WHERE table_id = ? AND end_snapshot IS NULL AND parent_column IS NULL ORDER BY column_order;

-- record --
INSERT INTO lakehouse.catalog.key_events
    (kind, key_name, dataset, table_id, column_names, column_ids, referenced_dataset, referenced_table_id,
     referenced_column_names, referenced_column_ids, verified, dropped, actor, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now());

-- primary_key --
SELECT key_name, column_names FROM lakehouse.catalog.primary_keys WHERE schema_name = ? AND table_name = ?;

-- foreign_keys --
SELECT key_name, column_names, referenced_dataset, referenced_column_names FROM lakehouse.catalog.foreign_keys
WHERE schema_name = ? AND table_name = ? ORDER BY key_name;

-- repeated --
SELECT count(*) FILTER (WHERE NOT ({present})),
    count(*) FILTER (WHERE {present}) - count(DISTINCT {key}) FILTER (WHERE {present})
FROM {source};

-- orphans --
SELECT count(*) FROM {source} AS child
WHERE {present} AND NOT EXISTS (SELECT 1 FROM {referenced} AS parent WHERE {matched});

-- comparable --
SELECT 1 FROM {source} AS child, {referenced} AS parent WHERE {matched} LIMIT 0;

-- listed_primary --
SELECT schema_name, table_name, unnest(column_names), key_name, generate_subscripts(column_names, 1)::INTEGER
FROM lakehouse.catalog.primary_keys;

-- listed_foreign --
SELECT referenced_schema_name, referenced_table_name, unnest(referenced_column_names), schema_name, table_name,
    unnest(column_names), generate_subscripts(column_names, 1)::INTEGER, key_name, referenced_key_name
FROM lakehouse.catalog.foreign_keys;
