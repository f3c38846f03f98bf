-- For server/erasure. Names in braces are filled in: tables, columns, types.

-- keys --
-- The keys whose rows are to be erased, with the state that each is in: set or lifted.
SELECT key_hmac, key_value, change FROM lakehouse.catalog.tombstone_events WHERE dataset = ?
QUALIFY row_number() OVER (PARTITION BY key_hmac ORDER BY changed_at DESC) = 1 AND change IN ('set', 'lifted')
ORDER BY key_hmac;

-- rows --
SELECT count(*) FROM {deleted};

-- left_rows --
-- Deleted rows whose keys have no tombstone that waits for an erasure.
SELECT count(*) FROM {deleted} AT (VERSION => {snapshot}) WHERE ({key}::VARCHAR IN (
    SELECT key_value FROM lakehouse.catalog.tombstone_events AT (VERSION => {snapshot}) WHERE dataset = ?
    QUALIFY row_number() OVER (PARTITION BY key_hmac ORDER BY changed_at DESC) = 1 AND change IN ('set', 'lifted')
)) IS NOT TRUE;

-- gone_keys --
-- Those of the given keys that no row of the dataset has. The given ones are the smaller side, here and below.
WITH still AS (
    SELECT DISTINCT d.{key} AS value FROM {live} d SEMI JOIN {given} g ON d.{key} = TRY_CAST(g.value AS {type})
)
SELECT g.value FROM {given} g ANTI JOIN still ON still.value = TRY_CAST(g.value AS {type});

-- leaving --
-- The deleted rows.
CREATE TEMP TABLE lakehouse_leaving AS FROM {deleted};

-- leaving_before --
-- What rows of these keys were before they were changed, as far as the lake still tells.
INSERT INTO lakehouse_leaving BY NAME SELECT {columns} FROM ducklake_table_deletions('lakehouse', {schema}, {table}, {first}, {last})
WHERE {key}::VARCHAR IN (SELECT value FROM {given});

-- leaving_derived --
-- What a derived table has of the erased keys. found: its rows, and those of its deleted rows.
CREATE TEMP TABLE lakehouse_leaving AS {found};

-- leaving_derived_before --
-- What rows of these keys were before they were changed, as far as the lake still tells.
INSERT INTO lakehouse_leaving BY NAME SELECT {columns} FROM ducklake_table_deletions('lakehouse', {schema}, {table}, {first}, {last})
WHERE {has_key};

-- entity_column --
SELECT entity_column FROM lakehouse.catalog.journal_datasets WHERE lower(dataset) = lower(?) AND entity_column IS NOT NULL;

-- derived_tombstones --
-- A dataset's own tombstones of the given keys.
SELECT DISTINCT key_hmac FROM lakehouse.catalog.tombstone_events
WHERE dataset = ? AND list_contains(?::VARCHAR[], lower(key_column)) AND key_value IN (SELECT value FROM {keys});

-- left --
DROP TABLE IF EXISTS temp.main.lakehouse_leaving;

-- values --
-- What the leaving rows have in a column and no row of the dataset has.
WITH leaving AS (SELECT DISTINCT {column} AS value FROM temp.main.lakehouse_leaving WHERE {column} IS NOT NULL),
still AS (SELECT DISTINCT l.{column} AS value FROM {live} l SEMI JOIN leaving ON l.{column} = leaving.value)
SELECT CAST(leaving.value AS VARCHAR) AS value FROM leaving ANTI JOIN still ON still.value = leaving.value;

-- only_leaving --
-- The same for a column that the dataset has no more: it may have another name now.
WITH leaving AS (
    SELECT DISTINCT CAST({column} AS VARCHAR) AS value FROM temp.main.lakehouse_leaving WHERE {column} IS NOT NULL
), still AS (
    SELECT DISTINCT value FROM (SELECT unnest([{others}]::VARCHAR[]) AS value FROM {live}) AS l SEMI JOIN leaving USING (value)
)
SELECT value FROM leaving ANTI JOIN still USING (value);

-- nested --
-- The texts inside a nested column, as for `values`.
WITH leaving AS (
    SELECT DISTINCT (t.atom->>'$') AS value
    FROM (SELECT to_json({column}) AS j FROM temp.main.lakehouse_leaving) AS d, json_tree(d.j) AS t WHERE t.type = 'VARCHAR'
), still AS (
    SELECT DISTINCT (t.atom->>'$') AS value FROM (SELECT json_array({others}) AS j FROM {live}) AS d, json_tree(d.j) AS t
    WHERE t.type = 'VARCHAR' AND (t.atom->>'$') IN (SELECT value FROM leaving)
)
SELECT value FROM leaving ANTI JOIN still USING (value);

-- erase_rows --
DELETE FROM {deleted};

-- erased --
-- What becomes of the tombstones: first the state, then their keys go. A key that was lifted stays so.
INSERT INTO lakehouse.catalog.tombstone_events
WITH latest AS (
    FROM lakehouse.catalog.tombstone_events WHERE dataset = $dataset
    QUALIFY row_number() OVER (PARTITION BY key_hmac ORDER BY changed_at DESC) = 1
), states AS (
    SELECT *, 'erased' AS state, now() AS told_at FROM latest
    UNION ALL SELECT *, 'lifted', now() + INTERVAL 1 MICROSECOND FROM latest WHERE change = 'lifted'
)
SELECT tombstone_id, dataset, key_column, key_type, key_hmac, NULL, state, 0, NULL, $actor, NULL, told_at
FROM states WHERE change IN ('set', 'lifted') AND key_hmac IN (SELECT hmac FROM {given});

-- forget_keys --
UPDATE lakehouse.catalog.tombstone_events SET key_value = NULL
WHERE dataset = $dataset AND key_value IS NOT NULL AND key_hmac IN (SELECT hmac FROM {given});

-- rewrite --
CALL ducklake_rewrite_data_files('lakehouse', ?, schema => ?, delete_threshold => 0);

-- expire --
CALL ducklake_expire_snapshots('lakehouse', older_than => now());

-- clean_up --
CALL ducklake_cleanup_old_files('lakehouse', cleanup_all => true);

-- remove_unknown --
CALL ducklake_delete_orphaned_files('lakehouse', cleanup_all => true);

-- snapshots --
SELECT count(*), min(snapshot_id), max(snapshot_id) FROM __ducklake_metadata_lakehouse.ducklake_snapshot;

-- known_files --
-- Every data and delete file that the catalog knows: names of its schema and table, then the parts of its path, each
-- with whether it is relative to the part before.
SELECT s.schema_name, t.table_name, s.path, s.path_is_relative, t.path, t.path_is_relative, f.path, f.path_is_relative
FROM (
    SELECT table_id, path, path_is_relative FROM __ducklake_metadata_lakehouse.ducklake_data_file
    UNION ALL SELECT table_id, path, path_is_relative FROM __ducklake_metadata_lakehouse.ducklake_delete_file
) f JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = f.table_id
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id;

-- own_tables --
-- Numbers of the dataset's table and of the table of its deleted rows, of all that had these names.
SELECT DISTINCT t.table_id FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id
WHERE (lower(s.schema_name) = lower($1) AND lower(t.table_name) = lower($2))
    OR (s.schema_name = 'deleted' AND lower(t.table_name) = lower($3));

-- bounds_left --
-- Given values that are a bound of their column, of a file or a table. The own columns inside a nested one are its.
WITH RECURSIVE inside AS (
    SELECT table_id, column_id, column_name FROM {schema}.ducklake_column
    WHERE parent_column IS NULL AND table_id IN ({own})
    UNION SELECT c.table_id, c.column_id, inside.column_name FROM {schema}.ducklake_column c
    JOIN inside ON c.table_id = inside.table_id AND c.parent_column = inside.column_id
), bounds AS (
    SELECT table_id, column_id, unnest([min_value, max_value]) AS value FROM {schema}.{table} WHERE table_id IN ({own})
)
SELECT DISTINCT value FROM bounds JOIN inside USING (table_id, column_id)
SEMI JOIN temp.main.{given} AS g ON g.value = bounds.value AND lower(g.name) = lower(inside.column_name);

-- catalog_tables --
-- Those of a database.
SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY table_name;

-- postgres_tables --
-- The same, asked in Postgres.
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'ducklake\_%' ORDER BY tablename;

-- control_tables --
SELECT t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND s.schema_name = 'catalog' ORDER BY t.table_name;

-- name_at --
-- What a table of now was called at a snapshot; nothing if it was made since.
WITH named AS (
    SELECT t.table_id, s.schema_name, t.table_name, t.begin_snapshot, t.end_snapshot
    FROM __ducklake_metadata_lakehouse.ducklake_table t
    JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
)
SELECT schema_name, table_name FROM named WHERE begin_snapshot <= $snapshot AND coalesce(end_snapshot > $snapshot, true)
    AND table_id IN (SELECT table_id FROM named
        WHERE end_snapshot IS NULL AND lower(schema_name) = lower($schema) AND lower(table_name) = lower($table));

-- user_tables --
-- Datasets that are tables.
SELECT s.schema_name, t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND s.schema_name NOT IN ('catalog', 'vectors', 'deleted') ORDER BY ALL;

-- blank --
-- Messages that repeat what was erased.
UPDATE {table} SET {column} = 'erased' WHERE {column} IN (SELECT text FROM {marked});

-- certified --
SELECT erasure_id, dataset, surface, verdict, erased_count, found_count, detail
FROM lakehouse.catalog.erasure_events WHERE erasure_id = ? ORDER BY verdict = 'clean', surface;

-- profile_texts --
-- What profiles of other datasets hold of values, by a name for each row.
SELECT profile_id || '/' || column_id, concat_ws(chr(0), minimum, maximum,
    array_to_string(list_transform(top_values, t -> t.value), chr(0)),
    array_to_string(list_transform(histogram, b -> b.lower), chr(0)),
    array_to_string(list_transform(histogram, b -> b.upper), chr(0)))
FROM lakehouse.catalog.column_profile_events
WHERE NOT withheld AND NOT list_contains($own::BIGINT[], table_id) AND lower(dataset) <> lower($dataset);

-- forget_profiles --
DELETE FROM lakehouse.catalog.column_profile_events
WHERE list_contains($own::BIGINT[], table_id) OR lower(dataset) = lower($dataset)
    OR profile_id || '/' || column_id IN (SELECT profile FROM temp.main.lakehouse_marked_profiles);
