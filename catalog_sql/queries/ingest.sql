-- loaded_before --
SELECT ingest_id, row_count FROM lakehouse.catalog.ingests i
JOIN lakehouse.catalog.datasets d USING (dataset)
WHERE i.dataset = $dataset AND i.content_sha256 = $digest AND i.ingested_at >= d.created_at
ORDER BY i.ingested_at DESC LIMIT 1;

-- record --
INSERT INTO lakehouse.catalog.ingests
    (ingest_id, dataset, file_name, content_sha256, format, mode, row_count, file_bytes, actor, ingested_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, now());

-- column_types --
SELECT column_name, data_type FROM lakehouse.catalog.columns WHERE dataset = ?;

-- dataset --
SELECT dataset, kind, row_count FROM lakehouse.catalog.datasets WHERE dataset = ?;

-- dataset_names --
SELECT dataset FROM lakehouse.catalog.datasets ORDER BY dataset;

-- set_metadata --
INSERT INTO lakehouse.catalog.dataset_metadata_events VALUES (?, ?, ?, ?, now());
