-- known --
SELECT count(*) FROM lakehouse.catalog.erasure_events WHERE erasure_id = ?;

-- head --
SELECT certificate_number, link FROM lakehouse.catalog.erasure_heads;

-- last --
SELECT certificate_number, link FROM lakehouse.catalog.erasure_events ORDER BY certificate_number DESC LIMIT 1;

-- forget_head --
DELETE FROM lakehouse.catalog.erasure_heads;

-- keep_head --
INSERT INTO lakehouse.catalog.erasure_heads VALUES (?, ?);

-- insert --
INSERT INTO lakehouse.catalog.erasure_events BY NAME FROM {rows};

-- insert_keys --
INSERT INTO lakehouse.catalog.erasure_keys SELECT ?, key_hmac FROM {rows};

-- certificates --
-- Every row, or those of one erasure; times in microseconds since 1970, UTC.
SELECT * REPLACE (epoch_us(scanned_at) AS scanned_at, epoch_us(started_at) AS started_at,
    epoch_us(finished_at) AS finished_at)
FROM lakehouse.catalog.erasure_events WHERE $erasure_id IS NULL OR erasure_id = $erasure_id
ORDER BY certificate_number, surface;

-- key_digests --
SELECT erasure_id, sha256(string_agg(key_hmac || chr(10), '' ORDER BY key_hmac)) FROM lakehouse.catalog.erasure_keys
WHERE $erasure_id IS NULL OR erasure_id = $erasure_id GROUP BY erasure_id;

-- keys --
SELECT key_hmac FROM lakehouse.catalog.erasure_keys WHERE erasure_id = ? ORDER BY key_hmac;
