-- The limits that set_limits gave, the latest of each principal; NULL where the settings count.
CREATE OR REPLACE VIEW lakehouse.catalog.principal_limits AS
SELECT principal, result_rows_max, result_bytes_max, actor, changed_at FROM lakehouse.catalog.principal_limit_events
QUALIFY row_number() OVER (PARTITION BY principal ORDER BY changed_at DESC) = 1;
COMMENT ON VIEW lakehouse.catalog.principal_limits IS 'Limits that were set for principals.';
