-- The control tables. All are append-only: the views in catalog_sql/views show the latest row of each thing.

CREATE TABLE lakehouse.catalog.principal_events (
    name VARCHAR NOT NULL, password_hash VARCHAR, roles VARCHAR[], disabled BOOLEAN NOT NULL,
    actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.principal_events IS 'Every change of a principal; closed to statements, since it holds password hashes.';
COMMENT ON COLUMN lakehouse.catalog.principal_events.name IS 'Login name.';
COMMENT ON COLUMN lakehouse.catalog.principal_events.password_hash IS 'argon2id hash of the password; NULL for none.';
COMMENT ON COLUMN lakehouse.catalog.principal_events.roles IS 'Roles held from this row on.';
COMMENT ON COLUMN lakehouse.catalog.principal_events.disabled IS 'True once the principal may not log in.';
COMMENT ON COLUMN lakehouse.catalog.principal_events.actor IS 'Who made the change.';
COMMENT ON COLUMN lakehouse.catalog.principal_events.changed_at IS 'When.';

CREATE TABLE lakehouse.catalog.dataset_metadata_events (
    dataset VARCHAR NOT NULL, key VARCHAR NOT NULL, value VARCHAR, actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.dataset_metadata_events IS 'Every change that set_metadata made, a row per key.';
COMMENT ON COLUMN lakehouse.catalog.dataset_metadata_events.dataset IS 'Dataset, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.dataset_metadata_events.key IS 'owner, tags or a key of the caller''s own.';
COMMENT ON COLUMN lakehouse.catalog.dataset_metadata_events.value IS 'Value as text, lists as JSON; NULL removes the key.';
COMMENT ON COLUMN lakehouse.catalog.dataset_metadata_events.actor IS 'Who set it.';
COMMENT ON COLUMN lakehouse.catalog.dataset_metadata_events.changed_at IS 'When.';

CREATE TABLE lakehouse.catalog.ingests (
    ingest_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL, file_name VARCHAR NOT NULL, content_sha256 VARCHAR NOT NULL,
    format VARCHAR NOT NULL, mode VARCHAR NOT NULL, row_count BIGINT NOT NULL, file_bytes BIGINT NOT NULL,
    actor VARCHAR NOT NULL, ingested_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.ingests IS 'Every file that was loaded, in one commit with its rows.';
COMMENT ON COLUMN lakehouse.catalog.ingests.ingest_id IS 'Identifier of the load.';
COMMENT ON COLUMN lakehouse.catalog.ingests.dataset IS 'Dataset it went into.';
COMMENT ON COLUMN lakehouse.catalog.ingests.file_name IS 'Name of the file, without its folder.';
COMMENT ON COLUMN lakehouse.catalog.ingests.content_sha256 IS 'SHA-256 of the file''s bytes: the same bytes load once per dataset.';
COMMENT ON COLUMN lakehouse.catalog.ingests.format IS 'csv, json, ndjson or parquet.';
COMMENT ON COLUMN lakehouse.catalog.ingests.mode IS 'create, append or replace: what the load did.';
COMMENT ON COLUMN lakehouse.catalog.ingests.row_count IS 'Rows loaded.';
COMMENT ON COLUMN lakehouse.catalog.ingests.file_bytes IS 'Size of the file in bytes.';
COMMENT ON COLUMN lakehouse.catalog.ingests.actor IS 'Who loaded it.';
COMMENT ON COLUMN lakehouse.catalog.ingests.ingested_at IS 'When it was committed.';

CREATE TABLE lakehouse.catalog.vector_index_events (
    index_name VARCHAR NOT NULL, dataset VARCHAR NOT NULL, key_column VARCHAR NOT NULL, text_columns VARCHAR[],
    vector_column VARCHAR, metric VARCHAR NOT NULL, model VARCHAR, dimension INTEGER, index_type VARCHAR NOT NULL,
    chunk_size INTEGER, chunk_overlap INTEGER, hnsw_m INTEGER NOT NULL, ef_construction INTEGER NOT NULL,
    ef_search INTEGER NOT NULL, dropped BOOLEAN NOT NULL, actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.vector_index_events IS 'Every definition and drop of a vector index.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.index_name IS 'Name used in vector_search and rag.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.dataset IS 'Dataset whose rows are indexed.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.key_column IS 'Column that names a document; its text is doc_id.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.text_columns IS 'Columns that make the document''s text, in order.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.vector_column IS 'Column of vectors brought along, instead of text.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.metric IS 'cosine, inner_product or l2.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.model IS 'Embedding model, or brought along where the vectors came with the data.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.dimension IS 'Length of a vector; NULL until the first is known.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.index_type IS 'auto, exact or hnsw.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.chunk_size IS 'Longest chunk in characters.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.chunk_overlap IS 'Characters that neighbouring chunks may share.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.hnsw_m IS 'HNSW: links of a node.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.ef_construction IS 'HNSW: candidates held while building.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.ef_search IS 'HNSW: candidates held while searching.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.dropped IS 'True on the row that drops the index.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.actor IS 'Who made the change.';
COMMENT ON COLUMN lakehouse.catalog.vector_index_events.changed_at IS 'When.';

CREATE TABLE lakehouse.catalog.vector_generations (
    index_name VARCHAR NOT NULL, generation INTEGER NOT NULL, plan VARCHAR NOT NULL, model VARCHAR, metric VARCHAR NOT NULL,
    dimension INTEGER NOT NULL, row_count BIGINT NOT NULL, document_count BIGINT NOT NULL, file_bytes BIGINT NOT NULL,
    source_snapshot BIGINT NOT NULL, build_s DOUBLE NOT NULL, created_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.vector_generations IS 'Every generation of every vector index: an immutable set of files. The newest one serves.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.index_name IS 'Index it belongs to.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.generation IS 'Number, growing by one.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.plan IS 'exact or hnsw: how it searches.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.model IS 'Embedding model of its vectors.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.metric IS 'cosine, inner_product or l2.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.dimension IS 'Length of a vector.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.row_count IS 'Chunks in it.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.document_count IS 'Documents in it.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.file_bytes IS 'Size of its files in bytes.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.source_snapshot IS 'Snapshot of the lake at which the dataset was read.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.build_s IS 'Seconds that building the files took, embedding not counted.';
COMMENT ON COLUMN lakehouse.catalog.vector_generations.created_at IS 'When it began to serve.';

CREATE TABLE lakehouse.catalog.job_events (
    job_id VARCHAR NOT NULL, kind VARCHAR NOT NULL, subject VARCHAR NOT NULL, status VARCHAR NOT NULL,
    done BIGINT NOT NULL, total BIGINT, attempt INTEGER NOT NULL, message VARCHAR, actor VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.job_events IS 'Every change of state of a background job.';
COMMENT ON COLUMN lakehouse.catalog.job_events.job_id IS 'Identifier of the job.';
COMMENT ON COLUMN lakehouse.catalog.job_events.kind IS 'What kind of work: build_index.';
COMMENT ON COLUMN lakehouse.catalog.job_events.subject IS 'What it works on: the index''s name.';
COMMENT ON COLUMN lakehouse.catalog.job_events.status IS 'queued, running, succeeded, failed or cancelled.';
COMMENT ON COLUMN lakehouse.catalog.job_events.done IS 'Units done when the state changed.';
COMMENT ON COLUMN lakehouse.catalog.job_events.total IS 'Units in all; NULL until known.';
COMMENT ON COLUMN lakehouse.catalog.job_events.attempt IS 'Tries so far, from 1.';
COMMENT ON COLUMN lakehouse.catalog.job_events.message IS 'Result, or what went wrong.';
COMMENT ON COLUMN lakehouse.catalog.job_events.actor IS 'Who started it.';
COMMENT ON COLUMN lakehouse.catalog.job_events.changed_at IS 'When.';

CREATE TABLE lakehouse.catalog.query_log_entries (
    statement_id VARCHAR NOT NULL, session_id VARCHAR NOT NULL, principal VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    statement_hmac VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL, duration_ms DOUBLE NOT NULL, row_count BIGINT,
    status VARCHAR NOT NULL, error_code VARCHAR);
COMMENT ON TABLE lakehouse.catalog.query_log_entries IS 'Statements and operations that ended, written in batches; catalog.query_log adds the latest ones.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.statement_id IS 'Identifier of this run.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.session_id IS 'Session it ran in.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.principal IS 'Who ran it.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.kind IS 'query, rows, update, set, call, ingest or the operation''s name.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.statement_hmac IS 'Keyed HMAC-SHA256 of the text: equal texts compare equal, the text itself is not kept.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.started_at IS 'When it started.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.duration_ms IS 'Milliseconds until its last row was read or its commit was done.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.row_count IS 'Rows returned or changed; NULL where unknown.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.status IS 'ok, failed or cancelled.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.error_code IS 'Stable code of the error; NULL if none.';
