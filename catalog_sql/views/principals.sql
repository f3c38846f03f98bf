-- Who may log in. Password hashes stay behind.
CREATE OR REPLACE VIEW lakehouse.catalog.principals AS
SELECT
    name, roles, password_hash IS NOT NULL AS has_password, certificate_subject, disabled, created_at, changed_at,
    actor
FROM (
    SELECT *, min(changed_at) OVER (PARTITION BY name) AS created_at
    FROM lakehouse.catalog.principal_events
    QUALIFY row_number() OVER (PARTITION BY name ORDER BY changed_at DESC) = 1);
COMMENT ON VIEW lakehouse.catalog.principals IS 'Who may log in, and with which roles.';
