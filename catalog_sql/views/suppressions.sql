-- Keys whose rows are held back when somebody writes them again, and what was held back so far.
CREATE OR REPLACE VIEW lakehouse.catalog.suppressions AS
WITH latest AS (
    SELECT dataset, key_hmac, arg_max(key_column, changed_at) AS key_column, arg_max_null(key_value, changed_at) AS key_value,
        arg_max(change, changed_at) AS change, max(changed_at) FILTER (change = 'set') AS suppressed_at
    FROM lakehouse.catalog.tombstone_events GROUP BY dataset, key_hmac
), held AS (
    SELECT dataset, key_hmac, sum(row_count)::BIGINT AS row_count, max(held_back_at) AS held_back_at
    FROM lakehouse.catalog.held_back_events GROUP BY dataset, key_hmac
)
SELECT latest.dataset, latest.key_column, latest.key_value, latest.key_hmac, latest.suppressed_at,
    coalesce(held.row_count, 0) AS held_back_rows, held.held_back_at AS last_held_back_at
FROM latest LEFT JOIN held ON held.dataset = latest.dataset AND held.key_hmac = latest.key_hmac
WHERE latest.change IN ('set', 'erased');
COMMENT ON VIEW lakehouse.catalog.suppressions IS 'Keys whose rows are held back when somebody writes them again, and what was held back so far.';
