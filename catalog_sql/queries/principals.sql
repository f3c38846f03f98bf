-- find --
SELECT name, password_hash, roles, disabled, certificate_subject FROM lakehouse.catalog.principal_events
WHERE name = ? ORDER BY changed_at DESC LIMIT 1;

-- latest --
SELECT name, password_hash, roles, disabled, certificate_subject FROM lakehouse.catalog.principal_events
QUALIFY row_number() OVER (PARTITION BY name ORDER BY changed_at DESC) = 1;

-- record --
INSERT INTO lakehouse.catalog.principal_events
    (name, password_hash, roles, disabled, certificate_subject, actor, changed_at)
VALUES (?, ?, ?, ?, ?, ?, now());

-- find_key --
SELECT principal, name, key_hash, epoch(expires_at), revoked FROM lakehouse.catalog.api_key_events
WHERE key_id = ? ORDER BY revoked DESC, changed_at DESC LIMIT 1;

-- record_key --
INSERT INTO lakehouse.catalog.api_key_events
    (key_id, principal, name, key_hash, expires_at, revoked, actor, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, now());
