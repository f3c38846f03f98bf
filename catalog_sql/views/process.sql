-- What only the running process knows, as tables.
CREATE OR REPLACE VIEW lakehouse.catalog.settings AS SELECT unnest(system.main.__settings(), max_depth := 2);
CREATE OR REPLACE VIEW lakehouse.catalog.functions AS SELECT unnest(system.main.__functions(), max_depth := 2);
CREATE OR REPLACE VIEW lakehouse.catalog.actions AS SELECT unnest(system.main.__actions(), max_depth := 2);
