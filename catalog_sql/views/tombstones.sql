-- Each tombstone with what became of it.
CREATE OR REPLACE VIEW lakehouse.catalog.tombstones AS
SELECT
    tombstone_id, dataset, key_column,
    any_value(key_value) AS key_value,
    key_hmac,
    coalesce(max(row_count) FILTER (change = 'set'), 0)::BIGINT AS row_count,
    any_value(actor) FILTER (change = 'set') AS actor,
    any_value(on_behalf_of) FILTER (change = 'set') AS on_behalf_of,
    any_value(reason) FILTER (change = 'set') AS reason,
    max(changed_at) FILTER (change = 'set') AS deleted_at,
    max(changed_at) FILTER (change = 'restored') AS restored_at,
    max(changed_at) FILTER (change = 'erased') AS erased_at,
    max(changed_at) FILTER (change = 'lifted') AS lifted_at
FROM lakehouse.catalog.tombstone_events GROUP BY tombstone_id, dataset, key_column, key_hmac;
COMMENT ON VIEW lakehouse.catalog.tombstones IS 'Tombstones, and what became of each.';
