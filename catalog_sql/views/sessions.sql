-- The sessions that are open in this server now.
CREATE OR REPLACE VIEW lakehouse.catalog.sessions AS SELECT unnest(system.main.__sessions(), max_depth := 2);
COMMENT ON VIEW lakehouse.catalog.sessions IS 'Sessions that are open.';
