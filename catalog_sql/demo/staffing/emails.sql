-- Mail with candidates: 8 for every 10, 80,000 rows by default. getvariable('candidates') and getvariable('activity'),
-- 1 to 10, multiply them.
--
-- email_id      BIGINT     1, 2, 3, ... in order of sending
-- candidate_id  BIGINT
-- direction     VARCHAR    'inbound' from the candidate, 'outbound' to the candidate
-- subject       VARCHAR
-- body          VARCHAR    20 to 38 words
-- sent_at       TIMESTAMP  January 2022 to June 2025
--
-- candidates.sql says how values are chosen.
WITH threads(thread, direction, subjects, openings, middles) AS (VALUES
    (0, 'outbound', ['A role that fits you', 'New opening near you', 'Are you available?'],
     ['we have an opening that fits your profile', 'a client asked us for someone with your skills',
      'your resume stood out for a new assignment'],
     ['The rate is above your last one and overtime is paid.', 'The site is a short drive from your home.',
      'The contract runs for six months and may become permanent.']),
    (1, 'outbound', ['Interview confirmed', 'Your interview next week', 'Interview details'],
     ['your interview is confirmed', 'the client would like to meet you',
      'here are the details of your video interview'],
     ['Please bring your licence and two references.', 'The hiring manager will ask about your latest project.',
      'Plan for an hour, with a short practical test.']),
    (2, 'outbound', ['Timesheet reminder', 'Hours missing', 'Please approve your week'],
     ['your timesheet for last week is still open', 'we miss the hours of your last shift',
      'the client questioned two entries on your timesheet'],
     ['Payroll closes on Tuesday at noon.', 'Without it we cannot pay you on Friday.',
      'A photo of the signed sheet is enough.']),
    (3, 'inbound', ['Question about the rate', 'About your offer', 'Pay and travel'],
     ['thank you for the offer', 'I looked at the contract that you sent', 'I am interested in the assignment'],
     ['Could the hourly rate go up by two dollars?', 'Is travel between sites paid as working time?',
      'Are there benefits after the first ninety days?']),
    (4, 'inbound', ['Change of availability', 'Sick this week', 'Time off'],
     ['I have to change my availability', 'I am ill and cannot work my next shift',
      'I would like to take a week off next month'],
     ['I can be back on Monday with a note from my doctor.', 'Mornings are fine, evenings no longer work for me.',
      'A colleague has offered to take over my shifts.']),
    (5, 'inbound', ['My updated resume', 'Documents attached', 'Certificate renewed'],
     ['please find my updated resume attached', 'here are the documents for the background check',
      'I have renewed my certificate'],
     ['I added my last assignment and a new reference.', 'The licence number has not changed.',
      'Please delete the older copy in your files.']),
    (6, 'inbound', ['Problem at the site', 'Safety concern', 'Feedback on my assignment'],
     ['I want to report a problem at the site', 'I have a safety concern', 'my assignment differs from what we agreed'],
     ['Protective gear was missing on two days.', 'The shifts are longer than the contract says.',
      'The supervisor is kind, but the tasks are not in my field.'])),
words AS (SELECT
    ['Hello,', 'Good morning,', 'Hi,', 'Good afternoon,', 'Dear team,'] AS greetings,
    ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'] AS weekdays,
    ['Please answer by', 'A short call would help; I am free on', 'Let us speak on', 'You can reach me until noon on',
     'Could we settle this by', 'I am in the office on', 'It would be good to hear back before'] AS requests,
    ['Many thanks', 'Kind regards', 'Best wishes', 'With thanks', 'Talk soon'] AS closings),
counts AS (SELECT coalesce(getvariable('candidates'), 100000) AS candidates,
    candidates * 8 // 10 * coalesce(getvariable('activity'), 1) AS emails),
seeds AS (SELECT
    range AS email_no,
    CAST(md5_number_lower('email ' || range) >> 1 AS BIGINT) AS seed,
    seed % 10007 % 7 AS thread
    FROM range(coalesce(getvariable('candidates'), 100000) * 8 // 10 * coalesce(getvariable('activity'), 1)))
SELECT
    email_no + 1 AS email_id,
    1 + seed % 2147483647 % candidates AS candidate_id,
    direction,
    subjects[1 + seed % 10009 % 3] AS subject,
    greetings[1 + seed % 10037 % 5] || ' ' || openings[1 + seed % 10039 % 3] || ', reference '
        || (10000 + seed % 90001 % 90000) || '. ' || middles[1 + seed % 10061 % 3] || ' '
        || requests[1 + seed % 10067 % 7] || ' ' || weekdays[1 + seed % 10069 % 5] || '. '
        || closings[1 + seed % 10079 % 5] || '.' AS body,
    TIMESTAMP '2022-01-03 06:00:00' + to_seconds(email_no * 109900800 // emails) AS sent_at
FROM seeds JOIN threads USING (thread), words, counts
