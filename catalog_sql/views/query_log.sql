-- Every statement and operation that ended: those that the lake has in the snapshot of this query, and those it has not.
CREATE OR REPLACE VIEW lakehouse.catalog.query_log AS
SELECT * FROM lakehouse.catalog.query_log_entries
UNION ALL BY NAME
SELECT unnest(system.main.__query_log_pending(id), max_depth := 2) FROM lakehouse.current_snapshot();
COMMENT ON VIEW lakehouse.catalog.query_log IS 'Statements and operations that ended: whose, when, how long and how.';
