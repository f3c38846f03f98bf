-- record --
INSERT INTO lakehouse.catalog.vector_index_events
    (index_name, dataset, key_column, text_columns, vector_column, metric, model, dimension, index_type, chunk_size,
     chunk_overlap, hnsw_m, ef_construction, ef_search, dropped, actor, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now());

-- live --
SELECT index_name, dataset, key_column, text_columns, vector_column, metric, model, dimension, index_type, chunk_size,
    chunk_overlap, hnsw_m, ef_construction, ef_search
FROM lakehouse.catalog.vector_index_events
QUALIFY row_number() OVER (PARTITION BY index_name ORDER BY changed_at DESC) = 1 AND NOT dropped;

-- generation --
INSERT INTO lakehouse.catalog.vector_generations
    (index_name, generation, plan, model, metric, dimension, row_count, document_count, file_bytes, source_snapshot,
     build_s, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now());

-- generations --
SELECT index_name, max(generation) FROM lakehouse.catalog.vector_generations GROUP BY index_name;

-- shown --
SELECT index_name, status, generation, plan, row_count, document_count, model, dimension
FROM lakehouse.catalog.vector_indexes WHERE index_name = ?;

-- snapshot --
SELECT id FROM lakehouse.current_snapshot();

-- stage --
CREATE OR REPLACE TEMP TABLE staged (doc_id VARCHAR, chunk_id INTEGER, chunk_text VARCHAR, content_hash VARCHAR);

-- staged_documents --
SELECT count(DISTINCT doc_id) FROM staged;

-- missing_count --
SELECT count(*) FROM staged ANTI JOIN {embeddings} e
ON staged.doc_id = e.doc_id AND staged.chunk_id = e.chunk_id AND staged.content_hash = e.content_hash AND e.model = $model;

-- missing --
SELECT staged.* FROM staged ANTI JOIN {embeddings} e
ON staged.doc_id = e.doc_id AND staged.chunk_id = e.chunk_id AND staged.content_hash = e.content_hash AND e.model = $model;

-- delete_obsolete --
DELETE FROM {embeddings} AS e WHERE NOT EXISTS (
    SELECT 1 FROM staged WHERE staged.doc_id = e.doc_id AND staged.chunk_id = e.chunk_id
    AND staged.content_hash = e.content_hash) OR e.model <> $model;

-- obsolete_count --
SELECT count(*) FROM {embeddings} AS e WHERE NOT EXISTS (
    SELECT 1 FROM staged WHERE staged.doc_id = e.doc_id AND staged.chunk_id = e.chunk_id
    AND staged.content_hash = e.content_hash) OR e.model <> $model;

-- create_embeddings --
CREATE TABLE IF NOT EXISTS {embeddings} (
    doc_id VARCHAR NOT NULL, chunk_id INTEGER NOT NULL, chunk_text VARCHAR, content_hash VARCHAR NOT NULL,
    model VARCHAR NOT NULL, embedding FLOAT[] NOT NULL);
