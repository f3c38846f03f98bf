-- Weeks worked: 9 for every 10 candidates, 90,000 rows by default. getvariable('candidates') and
-- getvariable('activity'), 1 to 10, multiply them; at 10 every placement has its first 18 weeks.
--
-- timesheet_id  BIGINT        1, 2, 3, ... in order of the placement's week
-- placement_id  BIGINT
-- week_ending   DATE          a Sunday within the placement; once for each placement
-- hours         DECIMAL(4,1)  worked in that week
-- approved      BOOLEAN       by the client
--
-- candidates.sql says how values are chosen.
WITH counts AS (SELECT greatest(1, coalesce(getvariable('candidates'), 100000) // 2) AS placements),
picks AS (SELECT
    range AS timesheet_no,
    range % placements AS placement_no,
    CAST(md5_number_lower('timesheet ' || range) >> 1 AS BIGINT) AS seed,
    -- The same formula is in placements.sql.
    DATE '2022-01-03' + CAST(placement_no * 900 // placements + 7 + placement_no * 11 % 29 AS INTEGER) AS start_date,
    CAST(range // placements AS INTEGER) AS week
    FROM range(coalesce(getvariable('candidates'), 100000) * 9 // 10 * coalesce(getvariable('activity'), 1)), counts)
SELECT
    timesheet_no + 1 AS timesheet_id,
    placement_no + 1 AS placement_id,
    CAST(date_trunc('week', start_date) AS DATE) + 6 + 7 * week AS week_ending,
    CAST([40, 40, 40, 38.5, 36, 32, 42.5, 45, 24, 37.5, 40][1 + seed % 10007 % 11] AS DECIMAL(4, 1)) AS hours,
    seed % 10009 % 20 <> 0 AS approved
FROM picks
