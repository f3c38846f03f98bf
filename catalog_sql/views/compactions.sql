-- Each compaction of a dataset, with what it had before and after. A job that a killed server left may have two records.
CREATE OR REPLACE VIEW lakehouse.catalog.compactions AS
SELECT
    job_id, dataset,
    arg_min(files_before, compacted_at) AS files_before, arg_max(files_after, compacted_at) AS files_after,
    arg_min(rows_before, compacted_at) AS rows_before, arg_max(rows_after, compacted_at) AS rows_after,
    arg_min(bytes_before, compacted_at) AS bytes_before, arg_max(bytes_after, compacted_at) AS bytes_after,
    any_value(actor) AS actor, sum(duration_s) AS duration_s, max(compacted_at) AS compacted_at
FROM lakehouse.catalog.compaction_events GROUP BY job_id, dataset;
COMMENT ON VIEW lakehouse.catalog.compactions IS 'Compactions of datasets: files before and after.';
