-- Datasets that are kept in memory.

CREATE TABLE lakehouse.catalog.cache_events (
    dataset VARCHAR NOT NULL, change VARCHAR NOT NULL, reason VARCHAR, actor VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.cache_events IS 'Every pinning and eviction of a dataset; the pinned ones are pinned again when a server starts.';
COMMENT ON COLUMN lakehouse.catalog.cache_events.dataset IS 'Dataset, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.cache_events.change IS 'pinned or evicted.';
COMMENT ON COLUMN lakehouse.catalog.cache_events.reason IS 'Why, where the server evicted it by itself.';
COMMENT ON COLUMN lakehouse.catalog.cache_events.actor IS 'Who pinned or evicted it; lakehouse for the server itself.';
COMMENT ON COLUMN lakehouse.catalog.cache_events.changed_at IS 'When.';
