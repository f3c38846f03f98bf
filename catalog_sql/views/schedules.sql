-- Each run of a schedule with its latest state, then each schedule with its latest run.
CREATE OR REPLACE VIEW lakehouse.catalog.schedule_runs AS
SELECT
    run_id, any_value(schedule) AS schedule, any_value(operation) AS operation,
    coalesce(any_value(status) FILTER (status <> 'running'), 'running') AS status,
    min(changed_at) AS started_at,
    max(changed_at) FILTER (status <> 'running') AS finished_at,
    any_value(error_code) FILTER (status <> 'running') AS error_code,
    any_value(message) FILTER (status <> 'running') AS message
FROM lakehouse.catalog.schedule_run_events GROUP BY run_id;
COMMENT ON VIEW lakehouse.catalog.schedule_runs IS 'Runs of schedules.';

CREATE OR REPLACE VIEW lakehouse.catalog.schedules AS
WITH latest AS (
    SELECT * FROM lakehouse.catalog.schedule_events
    QUALIFY row_number() OVER (PARTITION BY lower(name) ORDER BY changed_at DESC) = 1
), runs AS (
    SELECT schedule, max(started_at) AS started_at, arg_max(status, started_at) AS status,
        arg_max_null(error_code, started_at) AS error_code
    FROM lakehouse.catalog.schedule_runs GROUP BY schedule
), coming AS (
    SELECT unnest(system.main.__schedules(), max_depth := 2)
)
SELECT
    latest.name, cron, operation, arguments::JSON AS arguments, principal,
    NOT coalesce(p.disabled, true) AS enabled,
    runs.started_at AS last_run_at, runs.status AS last_status, runs.error_code AS last_error_code,
    coming.next_run_at, latest.actor, latest.changed_at
FROM latest
LEFT JOIN runs ON runs.schedule = latest.name AND runs.started_at >= latest.changed_at
LEFT JOIN coming ON coming.name = latest.name
LEFT JOIN lakehouse.catalog.principals p ON p.name = latest.principal
WHERE NOT dropped;
COMMENT ON VIEW lakehouse.catalog.schedules IS 'Schedules, and when each runs next.';
