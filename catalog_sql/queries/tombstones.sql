-- key --
-- The column and type that name the subjects of a dataset: those of its first tombstone.
SELECT key_column, key_type FROM lakehouse.catalog.tombstone_events WHERE dataset = ? ORDER BY changed_at LIMIT 1;

-- suppressed --
-- The datasets that have suppressed keys, with their key column.
SELECT dataset, any_value(key_column), any_value(key_type) FROM lakehouse.catalog.tombstone_events
WHERE dataset IN (SELECT dataset FROM lakehouse.catalog.suppressions) GROUP BY dataset;

-- held_back --
-- What of the staged rows belongs to suppressed keys, counted; secret values are bound.
INSERT INTO lakehouse.catalog.held_back_events
SELECT $dataset, hmac, count(*), $actor, now()
FROM (SELECT {hmac} AS hmac FROM {staged})
WHERE hmac IN (SELECT key_hmac FROM lakehouse.catalog.suppressions WHERE dataset = $dataset) GROUP BY hmac;

-- passing --
-- The staged rows that no suppressed key names; those without a key, too.
SELECT * FROM {staged}
WHERE coalesce({hmac} NOT IN (SELECT key_hmac FROM lakehouse.catalog.suppressions WHERE dataset = $dataset), true);

-- any_suppressed --
SELECT count(*) FROM {table}
WHERE {hmac} IN (SELECT key_hmac FROM lakehouse.catalog.suppressions WHERE dataset = $dataset);

-- columns --
SELECT column_name, column_type FROM (DESCRIBE {table});

-- numbered --
-- The columns of a table, by the number that no rename changes, with comment and what rows from before them have.
-- An erased value of digits is not found by chance in such a text.
SELECT c.column_name, 'column ' || c.column_id || ' of table ' || c.table_id, tag.value, c.initial_default
FROM __ducklake_metadata_lakehouse.ducklake_column c
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = c.table_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN __ducklake_metadata_lakehouse.ducklake_column_tag tag
    ON tag.table_id = c.table_id AND tag.column_id = c.column_id AND tag.key = 'comment' AND tag.end_snapshot IS NULL
WHERE c.end_snapshot IS NULL AND c.parent_column IS NULL AND lower(s.schema_name) = lower(?)
    AND lower(t.table_name) = lower(?) ORDER BY c.column_order;

-- homeless --
-- Of the rows that go back, how many have a value in each of these columns.
SELECT {counts} FROM {source} d SEMI JOIN {given} g ON d.{key} = g.value::{type};

-- hidden --
-- Documents of an index whose rows are taken away.
SELECT DISTINCT {key}::VARCHAR AS doc_id FROM {deleted} WHERE {key} IS NOT NULL;

-- visible --
SELECT DISTINCT {key}::VARCHAR AS doc_id FROM {source};

-- deleted_tables --
SELECT t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL AND s.schema_name = 'deleted';

-- texts --
-- Each value as the text of a key; NULL for what is no value of the type.
SELECT TRY_CAST(value AS {type})::VARCHAR FROM {given};

-- counts --
-- The rows that each key has.
SELECT d.{key}::VARCHAR, count(*) FROM {source} d SEMI JOIN {given} g ON d.{key} = g.value::{type} GROUP BY ALL;

-- known --
-- Which of the keys are suppressed already.
SELECT key_hmac FROM lakehouse.catalog.suppressions WHERE dataset = ? AND key_hmac IN (SELECT hmac FROM {given});

-- set --
INSERT INTO lakehouse.catalog.tombstone_events
SELECT tombstone_id, dataset, key_column, key_type, hmac, value, 'set', row_count, reason, actor, on_behalf_of, now()
FROM {events};

-- move --
INSERT INTO {into} BY NAME SELECT {columns} FROM {source} d SEMI JOIN {given} g ON d.{key} = g.value::{type};

-- remove --
DELETE FROM {source} WHERE {key} IN (SELECT value::{type} FROM {given});

-- change --
-- What becomes of the newest tombstone of each key that has the state asked for.
INSERT INTO lakehouse.catalog.tombstone_events
WITH latest AS (
    FROM lakehouse.catalog.tombstone_events WHERE dataset = $name
    QUALIFY row_number() OVER (PARTITION BY key_hmac ORDER BY changed_at DESC) = 1
)
SELECT tombstone_id, dataset, key_column, key_type, key_hmac, key_value, $change, {row_count}, $reason, $actor,
    $on_behalf_of, now()
FROM latest WHERE change IN ({states}) AND key_hmac IN (SELECT hmac FROM {given});
