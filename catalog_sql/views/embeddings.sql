-- What is embedded of each dataset, who brings it up to date, and whether it is behind the dataset's rows. Where neither
-- snapshots nor what was kept of them tell when rows changed, stale is NULL.
CREATE OR REPLACE VIEW lakehouse.catalog.embeddings AS
WITH refreshing AS (
    SELECT lower(arguments->>'name') AS index_name, list(cron ORDER BY cron) AS crons
    FROM lakehouse.catalog.schedules WHERE operation = 'refresh_index' AND enabled GROUP BY ALL
), changed AS (
    SELECT lower(dataset) AS dataset, max(snapshot_id) AS snapshot_id, max(changed_at) AS changed_at
    FROM lakehouse.catalog.dataset_ids JOIN lakehouse.catalog.dataset_changes USING (object_id)
    WHERE is_live AND change = 'changed' GROUP BY ALL
)
SELECT
    i.dataset, i.index_name, i.model, coalesce(i.text_columns, [i.vector_column]) AS source_columns,
    if(refreshing.crons IS NULL, 'on demand', 'scheduled') AS policy, refreshing.crons AS refreshed_by,
    i.status, i.refreshed_at, changed.changed_at, changed.snapshot_id > i.source_snapshot AS stale
FROM lakehouse.catalog.vector_indexes i
LEFT JOIN refreshing ON refreshing.index_name = lower(i.index_name)
LEFT JOIN changed ON changed.dataset = lower(i.dataset);
COMMENT ON VIEW lakehouse.catalog.embeddings IS 'What is embedded of each dataset by which index, who brings it up to date and whether it is behind the dataset''s rows.';
