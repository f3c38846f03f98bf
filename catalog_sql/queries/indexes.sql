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

-- serving --
SELECT index_name, generation, source_snapshot FROM lakehouse.catalog.vector_indexes WHERE generation IS NOT NULL;

-- next_generation --
SELECT coalesce(max(generation), 0) + 1 FROM lakehouse.catalog.vector_generations WHERE index_name = ?;

-- shown --
SELECT index_name, status, generation, plan, row_count, document_count, model, dimension
FROM lakehouse.catalog.vector_indexes WHERE index_name = ?;

-- snapshot --
SELECT id FROM lakehouse.current_snapshot();

-- keys --
SELECT count(*), count({key}), count(DISTINCT {key}) FROM {source};

-- repeated_key --
SELECT {key}, count(*) FROM {source} GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 1;

-- stage --
CREATE OR REPLACE TEMP TABLE staged (
    doc_id VARCHAR, chunk_id INTEGER, chunk_text VARCHAR, content_hash VARCHAR, embedding FLOAT[]);

-- create_embeddings --
CREATE TABLE IF NOT EXISTS {embeddings} (
    doc_id VARCHAR NOT NULL, chunk_id INTEGER NOT NULL, chunk_text VARCHAR, content_hash VARCHAR NOT NULL,
    model VARCHAR NOT NULL, embedding FLOAT[] NOT NULL);

-- missing --
CREATE OR REPLACE TEMP TABLE missing AS
SELECT row_number() OVER (ORDER BY content_hash) - 1 AS place, staged.* FROM staged ANTI JOIN {embeddings} e
ON staged.doc_id = e.doc_id AND staged.chunk_id = e.chunk_id AND staged.content_hash = e.content_hash AND e.model = $model
ORDER BY place;

-- missing_count --
SELECT count(*) FROM missing;

-- window --
SELECT doc_id, chunk_id, chunk_text, content_hash FROM missing WHERE place >= $start AND place < $stop ORDER BY place;

-- known_count --
SELECT count(*) FROM missing SEMI JOIN {embeddings} e ON missing.content_hash = e.content_hash AND e.model = $model;

-- add_known --
INSERT INTO {embeddings}
SELECT missing.doc_id, missing.chunk_id, missing.chunk_text, content_hash, $model, known.embedding
FROM missing JOIN (
    SELECT content_hash, any_value(embedding) AS embedding FROM {embeddings}
    WHERE model = $model AND content_hash IN (SELECT content_hash FROM missing) GROUP BY content_hash
) known USING (content_hash);

-- add_brought --
INSERT INTO {embeddings} SELECT doc_id, chunk_id, chunk_text, content_hash, $model, embedding FROM missing;

-- add_embedded --
INSERT INTO {embeddings} SELECT doc_id, chunk_id, chunk_text, content_hash, model, embedding FROM embedded;

-- obsolete_count --
SELECT count(*) FROM {embeddings} AS e WHERE e.model <> $model
    OR (e.doc_id, e.chunk_id, e.content_hash) NOT IN (SELECT (doc_id, chunk_id, content_hash) FROM staged);

-- delete_obsolete --
DELETE FROM {embeddings} AS e WHERE e.model <> $model
    OR (e.doc_id, e.chunk_id, e.content_hash) NOT IN (SELECT (doc_id, chunk_id, content_hash) FROM staged);

-- counted --
SELECT count(*), count(DISTINCT doc_id) FROM {embeddings};

-- vectors --
SELECT doc_id, chunk_id, chunk_text, embedding FROM {embeddings} ORDER BY doc_id, chunk_id;
