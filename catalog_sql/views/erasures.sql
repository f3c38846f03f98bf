-- Each erasure, a row per surface; proven tells of the erasure as a whole.
CREATE OR REPLACE VIEW lakehouse.catalog.erasures AS
SELECT erasure_id, dataset, surface, verdict,
    bool_and(verdict = 'clean') OVER (PARTITION BY certificate_number) AS proven,
    method, examined, examined_unit, erased_count, found_count, detail, scanned_at,
    key_column, key_count, row_count, actor, on_behalf_of, reason, job_id, started_at, finished_at,
    certificate_number, previous_link, link, public_key, signature
FROM lakehouse.catalog.erasure_events;
COMMENT ON VIEW lakehouse.catalog.erasures IS 'Erasures, a row for each surface, with its verdict.';
