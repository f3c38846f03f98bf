-- Keys of programs. last_used_at is the latest login since this server started, which the process alone knows.
CREATE OR REPLACE VIEW lakehouse.catalog.keys AS
WITH latest AS (
    SELECT *, min(changed_at) OVER (PARTITION BY key_id) AS created_at
    FROM lakehouse.catalog.api_key_events
    QUALIFY row_number() OVER (PARTITION BY key_id ORDER BY revoked DESC, changed_at DESC) = 1
), uses AS (
    SELECT unnest(system.main.__key_uses(), max_depth := 2)
)
SELECT
    latest.key_id, principal, name, created_at, expires_at, if(revoked, changed_at, NULL) AS revoked_at,
    uses.last_used_at, actor
FROM latest LEFT JOIN uses ON uses.key_id = latest.key_id;
COMMENT ON VIEW lakehouse.catalog.keys IS 'API keys that were made: whose, and whether they still count. Not the keys.';
