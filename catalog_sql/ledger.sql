-- create --
CREATE SCHEMA IF NOT EXISTS lakehouse.catalog;
CREATE SCHEMA IF NOT EXISTS lakehouse.vectors;
CREATE TABLE IF NOT EXISTS lakehouse.catalog.migrations (
    version INTEGER, name VARCHAR NOT NULL, checksum VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.migrations IS 'Ledger of the control schema: a row per migration and per version of a view.';
COMMENT ON COLUMN lakehouse.catalog.migrations.version IS 'Number of the migration; NULL for a view, which is replaced whenever its text changes.';
COMMENT ON COLUMN lakehouse.catalog.migrations.name IS 'File name.';
COMMENT ON COLUMN lakehouse.catalog.migrations.checksum IS 'SHA-256 of the file.';
COMMENT ON COLUMN lakehouse.catalog.migrations.applied_at IS 'When it was applied.';

-- exists --
SELECT count(*) FROM __ducklake_metadata_lakehouse.ducklake_table t
JOIN __ducklake_metadata_lakehouse.ducklake_schema s USING (schema_id)
WHERE s.schema_name = 'catalog' AND t.table_name = 'migrations' AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL;

-- applied --
SELECT version, name, arg_max(checksum, applied_at) AS checksum
FROM lakehouse.catalog.migrations GROUP BY version, name ORDER BY version, name;

-- record --
-- Of a JSON list of [version, name, checksum].
INSERT INTO lakehouse.catalog.migrations
SELECT (file->>0)::INTEGER, file->>1, file->>2, now() FROM (SELECT unnest(?::JSON::JSON[]) AS file);
