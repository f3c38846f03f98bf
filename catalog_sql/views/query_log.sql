-- Every statement and operation that ended, those not yet written to the lake included.
CREATE OR REPLACE VIEW lakehouse.catalog.query_log AS
SELECT * FROM lakehouse.catalog.query_log_entries
UNION ALL BY NAME
SELECT unnest(system.main.__query_log_pending(), max_depth := 2);
