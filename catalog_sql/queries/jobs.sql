-- record --
INSERT INTO lakehouse.catalog.job_events
    (job_id, kind, subject, status, done, total, attempt, message, actor, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, now());

-- unfinished --
SELECT job_id, kind, subject, attempt, actor FROM lakehouse.catalog.job_events
QUALIFY row_number() OVER (PARTITION BY job_id ORDER BY attempt DESC, changed_at DESC) = 1
    AND status IN ('queued', 'running')
ORDER BY changed_at;
