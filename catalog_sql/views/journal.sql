-- Every event of the journal without its values, which entity_history and cell_history open.
CREATE OR REPLACE VIEW lakehouse.catalog.journal AS
SELECT sequence, occurred_at, dataset, entity_hmac, change, field, detail, actor, source, workspace, snapshot_id, row_id,
    coalesce(octet_length(sealed) > 0, false) AS has_values
FROM lakehouse.catalog.journal_events;
COMMENT ON VIEW lakehouse.catalog.journal IS 'Events of the journal without values, which entity_history and cell_history show.';
