-- Compactions that were done, schedules of operations, and their runs.

CREATE TABLE lakehouse.catalog.compaction_events (
    job_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL, files_before BIGINT NOT NULL, files_after BIGINT NOT NULL,
    rows_before BIGINT NOT NULL, rows_after BIGINT NOT NULL, bytes_before BIGINT NOT NULL, bytes_after BIGINT NOT NULL,
    actor VARCHAR NOT NULL, duration_s DOUBLE NOT NULL, compacted_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.compaction_events IS 'Every compaction of a dataset that was done.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.job_id IS 'Job that did it.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.dataset IS 'Dataset, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.files_before IS 'Data files of the dataset before.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.files_after IS 'Data files of the dataset after.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.rows_before IS 'Rows of the dataset before.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.rows_after IS 'Rows of the dataset after: as many.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.bytes_before IS 'Size of its data files in bytes before.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.bytes_after IS 'Size of its data files in bytes after.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.actor IS 'Who asked for it.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.duration_s IS 'Seconds that it took, waiting for the table included.';
COMMENT ON COLUMN lakehouse.catalog.compaction_events.compacted_at IS 'When it was done.';

CREATE TABLE lakehouse.catalog.schedule_events (
    name VARCHAR NOT NULL, cron VARCHAR NOT NULL, operation VARCHAR NOT NULL, arguments VARCHAR NOT NULL,
    principal VARCHAR NOT NULL, dropped BOOLEAN NOT NULL, actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.schedule_events IS 'Every schedule that was made or dropped.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.name IS 'Name of the schedule.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.cron IS 'When it runs: minute, hour, day of month, month, day of week, in UTC.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.operation IS 'Operation that it runs.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.arguments IS 'Its arguments, a JSON object.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.principal IS 'As whom it runs, with the roles held at that time.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.dropped IS 'True on the row that drops it.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.actor IS 'Who made the change.';
COMMENT ON COLUMN lakehouse.catalog.schedule_events.changed_at IS 'When.';

CREATE TABLE lakehouse.catalog.schedule_run_events (
    run_id VARCHAR NOT NULL, schedule VARCHAR NOT NULL, operation VARCHAR NOT NULL, status VARCHAR NOT NULL,
    error_code VARCHAR, message VARCHAR, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.schedule_run_events IS 'Start and end of every run of a schedule.';
COMMENT ON COLUMN lakehouse.catalog.schedule_run_events.run_id IS 'Identifier of the run.';
COMMENT ON COLUMN lakehouse.catalog.schedule_run_events.schedule IS 'Name of the schedule.';
COMMENT ON COLUMN lakehouse.catalog.schedule_run_events.operation IS 'Operation that it runs.';
COMMENT ON COLUMN lakehouse.catalog.schedule_run_events.status IS 'running, succeeded, failed or interrupted: the server ended before the run did.';
COMMENT ON COLUMN lakehouse.catalog.schedule_run_events.error_code IS 'Stable code of the error; NULL if none.';
COMMENT ON COLUMN lakehouse.catalog.schedule_run_events.message IS 'How many rows the operation gave, or what went wrong.';
COMMENT ON COLUMN lakehouse.catalog.schedule_run_events.changed_at IS 'When.';
