-- Phone calls with candidates: 6 for every 10, 60,000 rows by default. getvariable('candidates') and
-- getvariable('activity'), 1 to 10, multiply them.
--
-- call_id       BIGINT     1, 2, 3, ... in order of the day
-- candidate_id  BIGINT
-- recruiter     VARCHAR
-- started_at    TIMESTAMP  working hours, Monday to Friday, January 2022 to June 2025
-- duration_s    INTEGER    seconds, 0 when nobody answered
-- outcome       VARCHAR    one of six
-- notes         VARCHAR    NULL when nobody answered
--
-- candidates.sql says how values are chosen.
WITH outcomes(outcome_no, outcome, answered, remarks) AS (VALUES
    (0, 'no answer', false, NULL),
    (1, 'voicemail', true, ['Left a message about', 'Mailbox picked up, asked to ring back about',
     'Left name and number concerning']),
    (2, 'interview booked', true, ['Interview agreed about', 'Keen to meet the client about',
     'Booked a video interview about']),
    (3, 'not interested', true, ['Happy in the current job, declined', 'Pay too low for', 'Commute too long for']),
    (4, 'call back', true, ['In a meeting, ring again about', 'Wants to talk at home first about',
     'Asked for details in writing of']),
    (5, 'offer discussed', true, ['Went through the offer for', 'Negotiated the hourly rate of',
     'Asked for a later start in'])),
words AS (SELECT
    ['Ada Kern', 'Bruno Vidal', 'Carmen Osei', 'Dmitri Lund', 'Esther Blum', 'Femi Adeyemi', 'Gita Rao', 'Hugo Stein',
     'Iris Novotny', 'Joel Marsh', 'Katya Berg'] AS recruiters,
    ['the contract role', 'the permanent role', 'the night shift', 'the weekend shift', 'the new site', 'the extension',
     'the team lead role'] AS topics,
    ['References still missing.', 'Licence copy received.', 'Prefers text messages.', 'Available after two weeks.',
     'Needs parking on site.', 'Open to overtime.', 'Wants a day off for family.', 'Background check agreed.',
     'Ask again in a month.', 'Has another offer.', 'Speaks Spanish.', 'Needs help with travel.',
     'Will send a new resume.'] AS details),
counts AS (SELECT coalesce(getvariable('candidates'), 100000) AS candidates,
    candidates * 6 // 10 * coalesce(getvariable('activity'), 1) AS calls),
seeds AS (SELECT
    range AS call_no,
    CAST(md5_number_lower('call ' || range) >> 1 AS BIGINT) AS seed,
    seed % 10007 % 6 AS outcome_no,
    -- The day of work, out of 910 in three and a half years; every fifth is followed by a weekend.
    CAST(range * 910 // calls AS INTEGER) AS workday
    FROM range(coalesce(getvariable('candidates'), 100000) * 6 // 10 * coalesce(getvariable('activity'), 1)), counts)
SELECT
    call_no + 1 AS call_id,
    1 + seed % 2147483647 % candidates AS candidate_id,
    recruiters[1 + seed % 10009 % 11] AS recruiter,
    TIMESTAMP '2022-01-03 08:00:00' + to_days(workday // 5 * 7 + workday % 5) + to_seconds(seed % 100003 % 36000)
        AS started_at,
    CAST(CASE WHEN answered THEN 20 + seed % 10037 % 900 ELSE 0 END AS INTEGER) AS duration_s,
    outcome,
    remarks[1 + seed % 10039 % 3] || ' ' || topics[1 + seed % 10061 % 7] || '. ' || details[1 + seed % 10067 % 13]
        AS notes
FROM seeds JOIN outcomes USING (outcome_no), words, counts
