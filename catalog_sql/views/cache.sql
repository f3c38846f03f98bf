-- The datasets that are to be in memory, as the lake has it.
CREATE OR REPLACE VIEW lakehouse.catalog.cache_pins AS
SELECT dataset, actor, changed_at AS pinned_at FROM lakehouse.catalog.cache_events
QUALIFY row_number() OVER (PARTITION BY lower(dataset) ORDER BY changed_at DESC) = 1 AND change = 'pinned';
COMMENT ON VIEW lakehouse.catalog.cache_pins IS 'Datasets that are to be in memory, and who said so.';

-- The datasets that this server has pinned, with the copies that it has of them now.
CREATE OR REPLACE VIEW lakehouse.catalog.cache AS SELECT unnest(system.main.__cache(), max_depth := 2);
COMMENT ON VIEW lakehouse.catalog.cache IS 'Datasets that this server has in memory now.';
