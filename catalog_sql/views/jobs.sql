-- Each job's latest state; done and total of a running one come from the process that runs it.
CREATE OR REPLACE VIEW lakehouse.catalog.jobs AS
WITH latest AS (
    SELECT *,
        min(changed_at) OVER (PARTITION BY job_id) AS queued_at,
        min(changed_at) FILTER (status = 'running') OVER (PARTITION BY job_id) AS started_at
    FROM lakehouse.catalog.job_events
    QUALIFY row_number() OVER (PARTITION BY job_id ORDER BY attempt DESC, changed_at DESC) = 1
), live AS (
    SELECT unnest(system.main.__job_progress(), max_depth := 2)
)
SELECT
    latest.job_id, kind, subject, status,
    coalesce(if(status = 'running', live.done, NULL), latest.done) AS done,
    coalesce(if(status = 'running', live.total, NULL), latest.total) AS total,
    attempt, message, actor, queued_at, started_at, changed_at,
    if(status IN ('succeeded', 'failed', 'cancelled'), changed_at, NULL) AS finished_at
FROM latest LEFT JOIN live ON live.job_id = latest.job_id;
COMMENT ON VIEW lakehouse.catalog.jobs IS 'Background jobs, and where each stands.';
