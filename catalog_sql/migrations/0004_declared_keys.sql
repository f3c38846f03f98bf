-- Keys that people declare: DuckLake has no constraints, so they describe tables and are not enforced.

CREATE TABLE lakehouse.catalog.key_events (
    kind VARCHAR NOT NULL, key_name VARCHAR NOT NULL, dataset VARCHAR NOT NULL, table_id BIGINT NOT NULL,
    column_names VARCHAR[] NOT NULL, column_ids BIGINT[] NOT NULL, referenced_dataset VARCHAR, referenced_table_id BIGINT,
    referenced_column_names VARCHAR[], referenced_column_ids BIGINT[], verified BOOLEAN NOT NULL, dropped BOOLEAN NOT NULL,
    actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.key_events IS 'Every declaration and drop of a key; primary_keys and foreign_keys show those that hold.';
COMMENT ON COLUMN lakehouse.catalog.key_events.kind IS 'primary or foreign.';
COMMENT ON COLUMN lakehouse.catalog.key_events.key_name IS 'Name of the key.';
COMMENT ON COLUMN lakehouse.catalog.key_events.dataset IS 'Dataset as it was called then.';
COMMENT ON COLUMN lakehouse.catalog.key_events.table_id IS 'DuckLake''s number of its table, which a rename keeps.';
COMMENT ON COLUMN lakehouse.catalog.key_events.column_names IS 'Columns of the key as they were called then, in order.';
COMMENT ON COLUMN lakehouse.catalog.key_events.column_ids IS 'DuckLake''s numbers of those columns, which a rename keeps.';
COMMENT ON COLUMN lakehouse.catalog.key_events.referenced_dataset IS 'Foreign keys: dataset that is referred to.';
COMMENT ON COLUMN lakehouse.catalog.key_events.referenced_table_id IS 'Foreign keys: DuckLake''s number of its table.';
COMMENT ON COLUMN lakehouse.catalog.key_events.referenced_column_names IS 'Foreign keys: columns that are referred to, in the order of column_names.';
COMMENT ON COLUMN lakehouse.catalog.key_events.referenced_column_ids IS 'Foreign keys: DuckLake''s numbers of those columns.';
COMMENT ON COLUMN lakehouse.catalog.key_events.verified IS 'True if the rows were checked when it was declared.';
COMMENT ON COLUMN lakehouse.catalog.key_events.dropped IS 'True on the row that drops the key.';
COMMENT ON COLUMN lakehouse.catalog.key_events.actor IS 'Who made the change.';
COMMENT ON COLUMN lakehouse.catalog.key_events.changed_at IS 'When.';
