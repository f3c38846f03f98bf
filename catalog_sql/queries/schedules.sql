-- live --
-- Each schedule, when it was made, when its latest run began, and how its latest two stand.
WITH latest AS (
    SELECT * FROM lakehouse.catalog.schedule_events
    QUALIFY row_number() OVER (PARTITION BY lower(name) ORDER BY changed_at DESC) = 1
), runs AS (
    SELECT schedule, max(started_at) AS started_at, arg_max(status, started_at, 2) AS statuses
    FROM lakehouse.catalog.schedule_runs GROUP BY schedule
)
SELECT name, cron, operation, arguments, principal, epoch(latest.changed_at), epoch(runs.started_at), runs.statuses
FROM latest LEFT JOIN runs ON runs.schedule = latest.name AND runs.started_at >= latest.changed_at
WHERE NOT dropped ORDER BY name;

-- record --
INSERT INTO lakehouse.catalog.schedule_events
    (name, cron, operation, arguments, principal, dropped, actor, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, now());

-- record_run --
INSERT INTO lakehouse.catalog.schedule_run_events
    (run_id, schedule, operation, status, error_code, message, changed_at)
VALUES (?, ?, ?, ?, ?, ?, now());

-- interrupt --
-- The runs of a schedule that a server began and did not end.
INSERT INTO lakehouse.catalog.schedule_run_events
SELECT run_id, schedule, operation, 'interrupted', NULL, 'the server ended before the run did', now()
FROM lakehouse.catalog.schedule_runs WHERE status = 'running' AND schedule = ?;

-- running --
SELECT DISTINCT schedule FROM lakehouse.catalog.schedule_runs WHERE status = 'running';
