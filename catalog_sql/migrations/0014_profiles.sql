-- Profiles of columns: what values are in them, as counted at a snapshot.

CREATE TABLE lakehouse.catalog.column_profile_events (
    profile_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL, table_id BIGINT NOT NULL, column_id BIGINT NOT NULL,
    path VARCHAR NOT NULL, snapshot_id BIGINT NOT NULL, row_count BIGINT NOT NULL, null_count BIGINT NOT NULL,
    distinct_count BIGINT, non_finite_count BIGINT, minimum VARCHAR, maximum VARCHAR, mean DOUBLE, length_min BIGINT,
    length_mean DOUBLE, length_max BIGINT, top_values STRUCT(value VARCHAR, row_count BIGINT)[],
    histogram STRUCT(lower VARCHAR, upper VARCHAR, row_count BIGINT)[], sampled_rows BIGINT NOT NULL,
    withheld BOOLEAN NOT NULL, actor VARCHAR NOT NULL, profiled_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.column_profile_events IS 'Every profile of a dataset, a row per column; column_profiles shows the newest. An erasure removes those of its dataset.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.profile_id IS 'Job that made it.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.dataset IS 'Dataset as it was called then, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.table_id IS 'DuckLake''s number of its table, which a rename keeps.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.column_id IS 'DuckLake''s number of the column, or of a member of a struct, which a rename keeps.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.path IS 'Column as it was called then; of a member of a struct the names with dots.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.snapshot_id IS 'Snapshot of the lake that was read.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.row_count IS 'Rows of the dataset.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.null_count IS 'Rows with NULL in the column.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.distinct_count IS 'Different values: exact if sampled_rows is row_count, else an estimate; NULL if the type has none.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.non_finite_count IS 'Rows with NaN or an infinity, of types that have such values.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.minimum IS 'Least finite value as text, its first 200 characters; NULL for a personal column.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.maximum IS 'Greatest finite value as text, its first 200 characters; NULL for a personal column.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.mean IS 'Mean of the finite numbers; NULL for a personal column.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.length_min IS 'Least length: characters of a text, bytes of a blob, items of a list or map.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.length_mean IS 'Mean length.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.length_max IS 'Greatest length.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.top_values IS 'Most frequent values as texts, their first 200 characters, with rows: exact if sampled_rows is row_count, else an estimate; NULL for a personal column.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.histogram IS 'Rows with a finite number or time above lower up to upper, exact; in the first bin lower counts too. The bounds are NULL for a personal column.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.sampled_rows IS 'Rows that top_values were taken from, all or chosen by chance.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.withheld IS 'True if the column was personal, or was found to be since: no value of it is kept.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.actor IS 'Who asked for it.';
COMMENT ON COLUMN lakehouse.catalog.column_profile_events.profiled_at IS 'When it was done.';
