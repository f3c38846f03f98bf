-- Openings: 18 for every 100 candidates, 18,000 rows by default. getvariable('candidates') sets the scale.
--
-- job_id       BIGINT        1, 2, 3, ... in order of opening
-- client_id    BIGINT        a client of a fitting industry
-- title        VARCHAR       one of 24 occupations, those of candidates.sql in its order
-- location     VARCHAR       city and state
-- rate         DECIMAL(8,2)  US dollars an hour, billed to the client
-- description  VARCHAR
-- opened_at    TIMESTAMP     working hours, January 2022 to September 2024
-- status       VARCHAR       'filled', and for the latest tenth, which has no placements, 'open' or 'cancelled'
--
-- candidates.sql says how values are chosen.
WITH occupations(occupation, industry_no, title, needs) AS (VALUES
    (0, 5, 'Warehouse associate', ['scanner experience', 'a forklift licence', 'care with fragile goods']),
    (1, 3, 'Home care aide', ['patience with dementia patients', 'safe lifting', 'your own car']),
    (2, 4, 'Line cook', ['speed on the grill', 'clean prep work', 'experience with banquets']),
    (3, 4, 'Banquet coordinator', ['experience with weddings', 'firm vendor contracts', 'calm under pressure']),
    (4, 5, 'Truck driver', ['a class A licence', 'a clean driving record', 'tanker experience']),
    (5, 3, 'Dental assistant', ['a radiography permit', 'a gentle chairside manner', 'orthodontic experience']),
    (6, 2, 'Bookkeeper', ['QuickBooks', 'payroll experience', 'accurate reconciliations']),
    (7, 4, 'Hotel front desk manager', ['night audit experience', 'a second language', 'leadership of a small team']),
    (8, 0, 'Carpenter', ['framing experience', 'finish work', 'your own tools']),
    (9, 6, 'Welder', ['TIG on stainless pipe', 'an AWS certificate', 'blueprint reading']),
    (10, 5, 'Diesel mechanic', ['brake and hydraulic repair', 'engine diagnostics', 'readiness for road calls']),
    (11, 6, 'CNC machinist', ['five-axis setup', 'tight tolerances', 'G-code programming']),
    (12, 0, 'HVAC technician', ['an EPA card', 'heat pump experience', 'commercial refrigeration']),
    (13, 0, 'Electrician', ['a journeyman licence', 'conduit work', 'motor control experience']),
    (14, 1, 'Primary school teacher', ['a state licence', 'early reading lessons', 'bilingual teaching']),
    (15, 1, 'School counselor', ['crisis experience', 'college guidance', 'good contact with families']),
    (16, 2, 'Accountant', ['a CPA licence', 'audit experience', 'knowledge of SAP']),
    (17, 1, 'Instructional designer', ['storyboards', 'course platforms', 'accessible design']),
    (18, 3, 'Registered nurse', ['intensive care experience', 'ACLS', 'a state licence']),
    (19, 7, 'Network administrator', ['firewall experience', 'routing and switching', 'on-call readiness']),
    (20, 6, 'Mechanical engineer', ['SolidWorks', 'finite element analysis', 'product development']),
    (21, 2, 'Financial analyst', ['financial models', 'SQL', 'credit risk experience']),
    (22, 7, 'Java developer', ['Spring Boot', 'PostgreSQL', 'event streams']),
    (23, 7, 'Data scientist', ['Python', 'forecasting models', 'experiment design'])),
words AS (SELECT
    ['Albany, NY', 'Atlanta, GA', 'Austin, TX', 'Baltimore, MD', 'Boise, ID', 'Boston, MA', 'Buffalo, NY',
     'Chicago, IL',
     'Cleveland, OH', 'Columbus, OH', 'Dallas, TX', 'Denver, CO', 'Detroit, MI', 'Fresno, CA', 'Houston, TX',
     'Memphis, TN', 'Miami, FL', 'Milwaukee, WI', 'Nashville, TN', 'Oakland, CA', 'Omaha, NE', 'Phoenix, AZ',
     'Pittsburgh, PA', 'Portland, OR', 'Raleigh, NC', 'Reno, NV', 'Seattle, WA', 'Tampa, FL',
     'Tucson, AZ'] AS locations,
    ['a three-month contract', 'a six-month contract', 'contract to hire', 'a permanent role',
     'weekend cover'] AS terms),
counts AS (SELECT
    greatest(24, candidates * 18 // 100) AS jobs,
    greatest(8, candidates // 50) AS clients
    FROM (SELECT coalesce(getvariable('candidates'), 100000) AS candidates)),
seeds AS (SELECT
    range AS job_no,
    range % 24 AS occupation,
    CAST(md5_number_lower('job ' || range) >> 1 AS BIGINT) AS seed
    FROM range(greatest(24, coalesce(getvariable('candidates'), 100000) * 18 // 100)))
SELECT
    job_no + 1 AS job_id,
    1 + industry_no + 8 * (seed % 10007 % (clients // 8)) AS client_id,
    title,
    locations[1 + seed % 10009 % 29] AS location,
    CAST(1.4 * (18 + 2.5 * occupation) + job_no // 24 % 9 AS DECIMAL(8, 2)) AS rate,
    title || ' for ' || terms[1 + seed % 10037 % 5] || '. Needs ' || needs[1 + seed % 10039 % 3] || ' and at least '
        || (1 + seed % 10061 % 10) || ' years in the trade; '
        || ['starts at once', 'start date to be agreed', 'shifts rotate',
         'overtime is paid'][1 + seed % 10067 % 4] || '.'
        AS description,
    TIMESTAMP '2022-01-03 08:00:00' + to_days(CAST(job_no * 1000 // jobs AS INTEGER))
        + to_minutes(seed % 10069 % 540) AS opened_at,
    CASE WHEN job_no < jobs * 9 // 10 THEN 'filled' WHEN seed % 10079 % 10 < 7 THEN 'open' ELSE 'cancelled' END
        AS status
FROM seeds JOIN occupations USING (occupation), words, counts
