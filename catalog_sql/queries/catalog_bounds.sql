-- For server/engine/catalog_bounds.py. In braces: {schema} holds DuckLake's tables, {type} is DuckDB's name of a type.

-- types --
-- DuckLake's names of the types that columns have.
SELECT DISTINCT column_type FROM {schema}.ducklake_column WHERE end_snapshot IS NULL;

-- take --
-- The bounds of all columns of a type: those of their live files, or NULL if one of these has values without bounds.
-- DuckLake's own texts are kept. A file from before a column has its initial default in every row.
UPDATE {schema}.ducklake_table_column_stats AS kept
SET min_value = found.lowest, max_value = found.highest, extra_stats = NULL
FROM (
    SELECT table_id, column_id,
        CASE WHEN bool_and(known) THEN arg_min(min_value, lowest) END AS lowest,
        CASE WHEN bool_and(known) THEN arg_max(max_value, highest) END AS highest
    FROM (
        SELECT c.table_id, c.column_id, s.min_value, s.max_value,
            TRY_CAST(s.min_value AS {type}) AS lowest, TRY_CAST(s.max_value AS {type}) AS highest,
            CASE WHEN f.data_file_id IS NULL THEN true
                WHEN s.data_file_id IS NULL THEN c.initial_default IS NULL
                ELSE s.value_count = 0 OR (lowest IS NOT NULL AND highest IS NOT NULL) END AS known
        FROM {schema}.ducklake_column c
        LEFT JOIN {schema}.ducklake_data_file f ON f.table_id = c.table_id AND f.end_snapshot IS NULL
        LEFT JOIN {schema}.ducklake_file_column_stats s
            ON s.data_file_id = f.data_file_id AND s.column_id = c.column_id
        WHERE c.end_snapshot IS NULL AND c.column_type = $kind
    ) AS files
    GROUP BY ALL
) AS found
WHERE kept.table_id = found.table_id AND kept.column_id = found.column_id
    AND (kept.min_value IS DISTINCT FROM found.lowest OR kept.max_value IS DISTINCT FROM found.highest
        OR kept.extra_stats IS NOT NULL);

-- forget_others --
-- Columns that are gone, or of another type, have no bounds.
UPDATE {schema}.ducklake_table_column_stats SET min_value = NULL, max_value = NULL, extra_stats = NULL
WHERE (table_id, column_id) NOT IN (
    SELECT (table_id, column_id) FROM {schema}.ducklake_column
    WHERE end_snapshot IS NULL AND list_contains($kinds, column_type));
