-- The query log's place in the append log, by which a flush knows what the lake has, and the bytes of results.

ALTER TABLE lakehouse.catalog.query_log_entries ADD COLUMN result_bytes BIGINT;
ALTER TABLE lakehouse.catalog.query_log_entries ADD COLUMN log_id VARCHAR;
ALTER TABLE lakehouse.catalog.query_log_entries ADD COLUMN sequence BIGINT;
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.result_bytes IS 'Bytes of the rows returned, as Arrow holds them; 0 where none were.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.log_id IS 'Append log that the record came through: one per data folder.';
COMMENT ON COLUMN lakehouse.catalog.query_log_entries.sequence IS 'Place in that log: rises with each record, in the order in which statements ended.';
