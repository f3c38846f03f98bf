-- delete --
DELETE FROM {embeddings} WHERE doc_id IN (SELECT doc_id FROM {documents});

-- left --
-- How many rows an index has, and how many of them are of the erased documents.
SELECT count(*), count(*) FILTER (doc_id IN (SELECT doc_id FROM {documents})) FROM {embeddings};

-- dead --
-- Deleted rows that live files of an index's embeddings still have.
SELECT coalesce(sum(d.delete_count), 0) FROM __ducklake_metadata_lakehouse.ducklake_data_file f
JOIN __ducklake_metadata_lakehouse.ducklake_delete_file d ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = f.table_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE f.end_snapshot IS NULL AND s.schema_name = 'vectors' AND t.table_name = ?;

-- chunks --
SELECT doc_id, chunk_text FROM {embeddings};

-- left_over --
-- Texts that no row of the index's source holds any more.
SELECT text FROM {texts} t WHERE NOT EXISTS (SELECT 1 FROM {source} s WHERE contains({held}, t.text));

-- tables --
-- Every table of the lake, in every schema.
SELECT s.schema_name, t.table_name FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL ORDER BY ALL;

-- changed --
-- Documents with a chunk that is no part of their text any more.
SELECT DISTINCT e.doc_id FROM {embeddings} e JOIN {source} s ON CAST(s.{key} AS VARCHAR) = e.doc_id
WHERE NOT contains(coalesce({text}, ''), e.chunk_text);
