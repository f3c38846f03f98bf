-- Personal data: what was found in columns, and what people say about columns. Facts hold for a table and its columns,
-- whatever those are renamed to.

CREATE TABLE lakehouse.catalog.column_fact_events (
    table_id BIGINT NOT NULL, column_id BIGINT NOT NULL, root_id BIGINT NOT NULL, key VARCHAR NOT NULL, value VARCHAR,
    actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.column_fact_events IS 'What people said about columns with set_column, a row per key; the newest counts.';
COMMENT ON COLUMN lakehouse.catalog.column_fact_events.table_id IS 'Number of the table.';
COMMENT ON COLUMN lakehouse.catalog.column_fact_events.column_id IS 'Number of the column, or of a part of it, in its table.';
COMMENT ON COLUMN lakehouse.catalog.column_fact_events.root_id IS 'Number of the column that it is a part of; its own for a column.';
COMMENT ON COLUMN lakehouse.catalog.column_fact_events.key IS 'pii_kind or sensitivity.';
COMMENT ON COLUMN lakehouse.catalog.column_fact_events.value IS 'A kind of personal data or none; public, internal, confidential or restricted.';
COMMENT ON COLUMN lakehouse.catalog.column_fact_events.actor IS 'Who said it.';
COMMENT ON COLUMN lakehouse.catalog.column_fact_events.changed_at IS 'When.';
-- Of no column: DuckLake takes 13 ms to read an empty table, 3 ms to read one with a row.
INSERT INTO lakehouse.catalog.column_fact_events VALUES (-1, -1, -1, 'pii_kind', NULL, 'lakehouse', now());

CREATE TABLE lakehouse.catalog.pii_scan_events (
    table_id BIGINT, schema_name VARCHAR NOT NULL, table_name VARCHAR NOT NULL, column_ids BIGINT[] NOT NULL,
    row_count BIGINT NOT NULL, sampled_rows BIGINT NOT NULL,
    findings STRUCT(column_id BIGINT, root_id BIGINT, path VARCHAR, kind VARCHAR, confidence DOUBLE, evidence VARCHAR)[] NOT NULL,
    actor VARCHAR NOT NULL, scanned_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.pii_scan_events IS 'Every look for personal data in a sample of a table''s rows. No value is kept.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.table_id IS 'Number of the table; NULL where the same commit made it: its name and the snapshot tell.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.schema_name IS 'Schema of the table as it was named then.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.table_name IS 'Table as it was named then.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.column_ids IS 'Numbers of the columns and their parts that were looked at.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.row_count IS 'Rows that the table had.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.sampled_rows IS 'Rows that were looked at.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.findings IS 'Kind, confidence from 0 to 1 and evidence in words for a column or a part (column_id, path) of a column (root_id).';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.actor IS 'Who loaded the rows or asked for the look.';
COMMENT ON COLUMN lakehouse.catalog.pii_scan_events.scanned_at IS 'When.';
-- Of no table, for the same reason.
INSERT INTO lakehouse.catalog.pii_scan_events VALUES (-1, '', '', [], 0, 0, [], 'lakehouse', now());
