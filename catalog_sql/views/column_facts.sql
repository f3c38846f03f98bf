-- What was found of columns and what people said of them. A person's word on a column wins over that on its parts, and
-- either over what was found; of parts the strongest counts. level: the place of a sensitivity in the list of them.
CREATE OR REPLACE VIEW lakehouse.catalog.column_facts AS
WITH told AS (
    -- A row for each column or part and kind; teller: 2 for a person, 1 for a look.
    SELECT table_id, column_id, root_id, kind AS pii_kind, NULL::VARCHAR AS sensitivity, confidence, 1 AS teller,
        NULL::TIMESTAMPTZ AS changed_at
    FROM (SELECT table_id, unnest(findings, max_depth := 2) FROM lakehouse.catalog.pii_scans) WHERE confidence >= 0.5
    UNION ALL
    SELECT table_id, column_id, root_id, if(key = 'pii_kind', value, NULL), if(key = 'sensitivity', value, NULL), 1.0, 2,
        changed_at
    FROM lakehouse.catalog.column_fact_events
), parts AS (
    -- The kind of each: the newest that a person said, else the strongest that was found.
    SELECT table_id, root_id, column_id = root_id AS is_root,
        arg_max({'kind': pii_kind, 'confidence': confidence, 'teller': teller},
            (teller, epoch_us(changed_at), pii_kind IN ('ssn', 'card', 'iban', 'medical'), confidence))
            FILTER (pii_kind IS NOT NULL) AS best,
        arg_max(sensitivity, changed_at) AS said
    FROM told SEMI JOIN __ducklake_metadata_lakehouse.ducklake_column live
        ON live.table_id = told.table_id AND live.column_id = told.column_id AND live.end_snapshot IS NULL
    GROUP BY table_id, root_id, column_id
), graded AS (
    SELECT table_id, root_id, is_root, said, best, list_position(['public', 'internal', 'confidential', 'restricted'],
        coalesce(said, CASE WHEN best.kind IN ('ssn', 'card', 'iban', 'medical') THEN 'restricted'
            WHEN best.kind <> 'none' THEN 'confidential' END)) AS level
    FROM parts
), rolled AS (
    SELECT table_id, root_id, max(said) FILTER (is_root) AS said,
        coalesce(max(best) FILTER (is_root AND best.teller = 2),
            arg_max(best, (best.kind <> 'none', level, best.teller, best.confidence)) FILTER (best IS NOT NULL)) AS best,
        bool_or(is_root AND best.teller = 2) AS is_decided,
        max(level) FILTER (is_root OR said IS NOT NULL) AS decided_level, max(level) AS level
    FROM graded GROUP BY table_id, root_id
)
SELECT
    table_id, root_id AS column_id,
    nullif(best.kind, 'none') AS pii_kind,
    if(best.kind = 'none', NULL, best.confidence) AS pii_confidence,
    if(best.teller = 2, 'person', if(best.teller = 1, 'detected', NULL)) AS pii_source,
    coalesce(said, ['public', 'internal', 'confidential', 'restricted'][if(is_decided, decided_level, level)]) AS sensitivity
FROM rolled;
COMMENT ON VIEW lakehouse.catalog.column_facts IS 'What was found of each column and what people said, a person first: kind of personal data and sensitivity. Columns that nothing is known of have no row.';
