-- What only the running process knows, as tables.
CREATE OR REPLACE VIEW lakehouse.catalog.settings AS SELECT unnest(system.main.__settings(), max_depth := 2);
COMMENT ON VIEW lakehouse.catalog.settings IS 'Settings of this server, with their sources. Secrets are not shown.';
CREATE OR REPLACE VIEW lakehouse.catalog.functions AS SELECT unnest(system.main.__functions(), max_depth := 2);
COMMENT ON VIEW lakehouse.catalog.functions IS 'SQL functions that the lakehouse adds to DuckDB''s.';
CREATE OR REPLACE VIEW lakehouse.catalog.actions AS SELECT unnest(system.main.__actions(), max_depth := 2);
COMMENT ON VIEW lakehouse.catalog.actions IS 'Operations of the server, with their arguments.';
