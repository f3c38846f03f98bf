-- Who worked where: one for every two candidates, 50,000 rows by default. getvariable('candidates') sets the scale.
--
-- placement_id  BIGINT        1, 2, 3, ... in order of job
-- candidate_id  BIGINT        one of the first half, of the job's occupation
-- job_id        BIGINT        one of the first nine tenths of the jobs
-- start_date    DATE          a week or more after the job was opened
-- end_date      DATE          18 to 51 weeks later
-- bill_rate     DECIMAL(8,2)  US dollars an hour, the job's rate
-- pay_rate      DECIMAL(8,2)  US dollars an hour, 68 to 77 percent of it
--
-- candidates.sql says how values are chosen, and how ids and occupations go together.
WITH counts AS (SELECT
    candidates,
    greatest(1, candidates // 2) AS placements,
    greatest(24, candidates * 18 // 100) * 9 // 10 AS filled_jobs
    FROM (SELECT coalesce(getvariable('candidates'), 100000) AS candidates)),
picks AS (SELECT
    range AS placement_no,
    range * filled_jobs // placements AS job_no,
    job_no % 24 AS occupation,
    range - (job_no * placements + filled_jobs - 1) // filled_jobs AS job_place,
    CAST(md5_number_lower('placement ' || range) >> 1 AS BIGINT) AS seed,
    candidates,
    -- The same formula is in timesheets.sql.
    DATE '2022-01-03' + CAST(range * 900 // placements + 7 + range * 11 % 29 AS INTEGER) AS start_date
    FROM range(greatest(1, coalesce(getvariable('candidates'), 100000) // 2)), counts)
SELECT
    placement_no + 1 AS placement_id,
    -- A job takes four places or fewer in the queue of its occupation, which holds the older half of the candidates and
    -- starts anew at its end: nobody comes round before the last placement is over.
    1 + (occupation + 24 * ((job_no // 24 * 4 + job_place) % greatest(1, candidates // 48))) % candidates
        AS candidate_id,
    job_no + 1 AS job_id,
    start_date,
    start_date + CAST(7 * (18 + seed % 10007 % 34) AS INTEGER) AS end_date,
    CAST(1.4 * (18 + 2.5 * occupation) + job_no // 24 % 9 AS DECIMAL(8, 2)) AS bill_rate,
    CAST(bill_rate * (68 + seed % 10009 % 10) / 100 AS DECIMAL(8, 2)) AS pay_rate
FROM picks
