-- Looks for personal data that count, the newest of each table, and what they found.

-- A look in the commit that made its table does not know the table's number yet: it is that of the table that has had
-- this name since the snapshot of the look.
CREATE OR REPLACE VIEW lakehouse.catalog.pii_scans AS
WITH resolved AS (
    SELECT coalesce(e.table_id, made.table_id) AS table_id, e.row_count, e.sampled_rows, e.findings, e.column_ids, e.actor,
        e.scanned_at
    FROM lakehouse.catalog.pii_scan_events e
    LEFT JOIN (
        SELECT t.table_id, t.begin_snapshot::BIGINT AS begin_snapshot, lower(s.schema_name) AS schema_name,
            lower(t.table_name) AS table_name
        FROM __ducklake_metadata_lakehouse.ducklake_table t
        JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
    ) made ON e.table_id IS NULL AND made.begin_snapshot = e.snapshot_id AND made.schema_name = lower(e.schema_name)
        AND made.table_name = lower(e.table_name)
), newest AS (
    SELECT table_id, max_by(resolved, scanned_at) AS scan FROM resolved WHERE table_id IS NOT NULL GROUP BY table_id
)
SELECT
    if(schema_name = 'main', t.table_name, schema_name || '.' || t.table_name) AS dataset,
    scan.row_count AS row_count, scan.sampled_rows AS sampled_rows,
    len(list_filter(scan.findings, f -> f.confidence >= 0.5)) AS finding_count,
    scan.actor AS actor, scan.scanned_at AS scanned_at, newest.table_id, scan.column_ids AS column_ids,
    scan.findings AS findings
FROM newest
JOIN __ducklake_metadata_lakehouse.ducklake_table t ON t.table_id = newest.table_id AND t.end_snapshot IS NULL
JOIN __ducklake_metadata_lakehouse.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL;
COMMENT ON VIEW lakehouse.catalog.pii_scans IS 'The newest look for personal data in each table: rows that it had and that were looked at, by whom and when.';

-- What the newest look at each table found, by the names that its columns have now. counts: from this confidence on
-- catalog.columns shows it, unless a person said otherwise.
CREATE OR REPLACE VIEW lakehouse.catalog.pii_findings AS
WITH RECURSIVE found AS (
    SELECT dataset, table_id, scanned_at, unnest(findings, max_depth := 2) FROM lakehouse.catalog.pii_scans
), live AS (
    SELECT table_id, column_id, column_name, column_type, parent_column
    FROM __ducklake_metadata_lakehouse.ducklake_column WHERE end_snapshot IS NULL
), above AS (
    SELECT live.table_id, live.column_id AS leaf, live.parent_column, live.column_name AS label, '' AS path
    FROM live SEMI JOIN found ON found.table_id = live.table_id AND found.column_id = live.column_id
    UNION ALL
    SELECT above.table_id, above.leaf, live.parent_column, live.column_name,
        if(live.column_type = 'list', '[]', '.' || above.label) || above.path
    FROM above JOIN live ON live.table_id = above.table_id AND live.column_id = above.parent_column
), placed AS (
    SELECT table_id, leaf AS column_id, label AS column_name, label || path AS path FROM above WHERE parent_column IS NULL
)
SELECT found.dataset, placed.path, placed.column_name, found.kind, found.confidence, found.confidence >= 0.5 AS counts,
    found.evidence, found.scanned_at
FROM found JOIN placed USING (table_id, column_id);
COMMENT ON VIEW lakehouse.catalog.pii_findings IS 'Kinds of personal data that the newest look at each table found: confidence from 0 to 1 and evidence in words.';
