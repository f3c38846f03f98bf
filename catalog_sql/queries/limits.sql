-- latest --
SELECT principal, result_rows_max, result_bytes_max FROM lakehouse.catalog.principal_limits;

-- record --
INSERT INTO lakehouse.catalog.principal_limit_events VALUES (?, ?, ?, ?, now());

-- principal --
SELECT 1 FROM lakehouse.catalog.principals WHERE name = ?;
