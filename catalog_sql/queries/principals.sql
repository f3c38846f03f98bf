-- find --
SELECT password_hash, roles, disabled FROM lakehouse.catalog.principal_events
WHERE name = ? ORDER BY changed_at DESC LIMIT 1;

-- record --
INSERT INTO lakehouse.catalog.principal_events VALUES (?, ?, ?, ?, ?, now());
