-- Limits that a principal has of its own.

CREATE TABLE lakehouse.catalog.principal_limit_events (
    principal VARCHAR NOT NULL, result_rows_max BIGINT, result_bytes_max BIGINT, actor VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.principal_limit_events IS 'Every change that set_limits made.';
COMMENT ON COLUMN lakehouse.catalog.principal_limit_events.principal IS 'Whose results are limited.';
COMMENT ON COLUMN lakehouse.catalog.principal_limit_events.result_rows_max IS 'Rows of one result; 0 for no limit, NULL as the setting.';
COMMENT ON COLUMN lakehouse.catalog.principal_limit_events.result_bytes_max IS 'Bytes of one result; 0 for no limit, NULL as the setting.';
COMMENT ON COLUMN lakehouse.catalog.principal_limit_events.actor IS 'Who set them.';
COMMENT ON COLUMN lakehouse.catalog.principal_limit_events.changed_at IS 'When.';
