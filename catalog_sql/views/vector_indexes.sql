-- Each index as it is defined now, the generation that serves and how its last job stands.
CREATE OR REPLACE VIEW lakehouse.catalog.vector_indexes AS
WITH latest AS (
    SELECT * FROM lakehouse.catalog.vector_index_events
    QUALIFY row_number() OVER (PARTITION BY index_name ORDER BY changed_at DESC) = 1
), born AS (
    SELECT index_name, min(changed_at) AS created_at FROM lakehouse.catalog.vector_index_events e
    WHERE NOT dropped AND changed_at > coalesce(
        (SELECT max(d.changed_at) FROM lakehouse.catalog.vector_index_events d WHERE d.dropped AND d.index_name = e.index_name),
        '-infinity'::TIMESTAMPTZ)
    GROUP BY index_name
), serving AS (
    SELECT g.* FROM lakehouse.catalog.vector_generations g JOIN born USING (index_name)
    WHERE g.created_at >= born.created_at
    QUALIFY row_number() OVER (PARTITION BY index_name ORDER BY generation DESC) = 1
), job AS (
    SELECT subject, status FROM lakehouse.catalog.job_events JOIN born ON born.index_name = subject
    WHERE kind = 'build_index' AND changed_at >= born.created_at
    QUALIFY row_number() OVER (PARTITION BY subject ORDER BY changed_at DESC, attempt DESC) = 1
)
SELECT
    latest.index_name, latest.dataset, key_column, text_columns, vector_column, latest.metric, latest.model,
    coalesce(serving.dimension, latest.dimension) AS dimension, index_type, chunk_size, chunk_overlap,
    hnsw_m, ef_construction, ef_search,
    CASE WHEN serving.generation IS NOT NULL AND coalesce(job.status, '') NOT IN ('queued', 'running') THEN 'ready'
         WHEN serving.generation IS NOT NULL THEN 'refreshing'
         WHEN job.status IN ('failed', 'cancelled') THEN job.status
         ELSE 'building' END AS status,
    serving.generation, serving.plan, serving.row_count, serving.document_count, serving.source_snapshot,
    born.created_at, serving.created_at AS refreshed_at
FROM latest JOIN born USING (index_name)
LEFT JOIN serving ON serving.index_name = latest.index_name
LEFT JOIN job ON job.subject = latest.index_name
WHERE NOT latest.dropped;
COMMENT ON VIEW lakehouse.catalog.vector_indexes IS 'Vector indexes as they are defined now, the generation that serves and how the last job stands.';
