-- For server/catalog: what is said of datasets, and when they changed.

-- object_id --
SELECT object_id FROM lakehouse.catalog.dataset_ids WHERE is_live AND dataset = ?;

-- set_metadata --
INSERT INTO lakehouse.catalog.dataset_metadata_events (dataset, key, value, actor, changed_at, object_id)
SELECT $dataset, unnest($keys::VARCHAR[]), unnest($values::VARCHAR[]), $actor, now(), $object_id;

-- changes --
-- What snapshots up to one tell of datasets that no later one does.
SELECT object_id, change, snapshot_id, actor, changed_at FROM lakehouse.catalog.dataset_changes
WHERE snapshot_id <= $snapshot
EXCEPT SELECT object_id, change, snapshot_id, actor, changed_at FROM lakehouse.catalog.dataset_change_events;

-- renamed --
-- What was said of tables and views under another name than the latest.
SELECT ids.dataset, e.key, e.value, e.actor, e.changed_at, e.object_id
FROM lakehouse.catalog.dataset_metadata_events e
JOIN lakehouse.catalog.dataset_ids ids ON ids.object_id = e.object_id
QUALIFY row_number() OVER (PARTITION BY e.object_id, e.key ORDER BY e.changed_at DESC) = 1
    AND arg_max(e.dataset, e.changed_at) OVER (PARTITION BY e.object_id) <> ids.dataset;

-- keep_changes --
INSERT INTO lakehouse.catalog.dataset_change_events (object_id, change, snapshot_id, actor, changed_at) {changes};

-- keep_names --
-- A moment later than it was said, so that this row is the newest one.
INSERT INTO lakehouse.catalog.dataset_metadata_events (dataset, key, value, actor, changed_at, object_id)
SELECT dataset, key, value, actor, changed_at + INTERVAL 1 MICROSECOND, object_id FROM ({renamed});

-- forget --
-- What was said of datasets that are gone.
INSERT INTO lakehouse.catalog.dataset_metadata_events (dataset, key, value, actor, changed_at, object_id)
SELECT dataset, key, NULL, $actor, now(), object_id FROM lakehouse.catalog.dataset_metadata
WHERE lower(dataset) NOT IN (SELECT lower(dataset) FROM lakehouse.catalog.dataset_ids WHERE is_live);

-- forgotten --
SELECT dataset, count(*), string_agg(key, ', ' ORDER BY key) FROM lakehouse.catalog.dataset_metadata
WHERE lower(dataset) NOT IN (SELECT lower(dataset) FROM lakehouse.catalog.dataset_ids WHERE is_live)
GROUP BY dataset ORDER BY dataset;
