-- An edge says that a column was made from another one, or that a dataset was. Identifiers are DuckLake's: of tables, views and
-- columns that were there when the statement began. What the statement's own commit made has none yet: the views find it by
-- its name in the snapshot of the row, and before that snapshot expires the row is written again with identifiers.

CREATE TABLE lakehouse.catalog.lineage_events (
    edge_id VARCHAR NOT NULL, kind VARCHAR NOT NULL, transformation VARCHAR,
    source_schema VARCHAR NOT NULL, source_name VARCHAR NOT NULL, source_id BIGINT, source_column VARCHAR,
    source_column_id BIGINT,
    target_schema VARCHAR NOT NULL, target_name VARCHAR NOT NULL, target_id BIGINT, target_column VARCHAR,
    target_column_id BIGINT,
    statement_hmac VARCHAR NOT NULL, actor VARCHAR NOT NULL, recorded_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ);
COMMENT ON TABLE lakehouse.catalog.lineage_events IS 'What columns were made from, in one commit with the statement that made them.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.edge_id IS 'Identifier of the edge; the row of it with the latest settled_at counts.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.kind IS 'table: a statement wrote rows; view: a view reads the source when it is read; ingest: the source is a file.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.transformation IS 'IDENTITY, TRANSFORMATION or AGGREGATION: values flow; JOIN, GROUP_BY, FILTER, SORT, WINDOW or CONDITIONAL: the source decides; NULL: only that the source was read is known.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.source_schema IS 'Schema of the source; empty for a file.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.source_name IS 'Name of the source at the time.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.source_id IS 'Its identifier in DuckLake; NULL for a file, and for what the same commit made.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.source_column IS 'Column of the source, by its name at the time; NULL for all of it.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.source_column_id IS 'The column''s identifier in DuckLake.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.target_schema IS 'Schema of the target.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.target_name IS 'Name of the target at the time.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.target_id IS 'Its identifier in DuckLake; NULL for what the same commit made.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.target_column IS 'Column of the target, by its name at the time; NULL where the source decides about whole rows.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.target_column_id IS 'The column''s identifier in DuckLake.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.statement_hmac IS 'Keyed HMAC-SHA256 of the statement''s text, as catalog.query_log has it.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.actor IS 'Who ran it.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.recorded_at IS 'When.';
COMMENT ON COLUMN lakehouse.catalog.lineage_events.settled_at IS 'When identifiers were added; NULL in the first row of an edge.';
