-- Companies that hire: one for every 50 candidates, 2,000 rows by default. getvariable('candidates') sets the scale.
--
-- client_id      BIGINT   1, 2, 3, ...
-- name           VARCHAR  unique up to 7,192 clients
-- industry       VARCHAR  one of eight, by the id modulo 8: jobs.sql relies on it
-- city, state    VARCHAR
-- contact_name   VARCHAR
-- contact_email  VARCHAR  in a domain reserved for examples
-- contact_phone  VARCHAR  +1-NPA-555-01XX, the range kept for fiction
-- since          DATE
--
-- candidates.sql says how values are chosen.
WITH industries(industry_no, industry, suffixes) AS (VALUES
    (0, 'construction', ['Builders', 'Contractors', 'Electric']),
    (1, 'education', ['Academy', 'School District', 'Learning']),
    (2, 'finance', ['Capital', 'Bank', 'Audit Group']),
    (3, 'healthcare', ['Hospital', 'Medical Center', 'Clinic']),
    (4, 'hospitality', ['Hotel', 'Resort', 'Kitchen']),
    (5, 'logistics', ['Logistics', 'Freight', 'Fleet Services']),
    (6, 'manufacturing', ['Steel', 'Tooling', 'Industries']),
    (7, 'technology', ['Software', 'Networks', 'Analytics'])),
words AS (SELECT
    ['Amber', 'Bayside', 'Beacon', 'Blue Heron', 'Cedar Ridge', 'Clearwater', 'Crescent', 'Eastgate', 'Evergreen',
     'Fairview', 'Granite', 'Harbor', 'Highland', 'Ironwood', 'Juniper', 'Keystone', 'Lakeshore', 'Maple Grove',
     'Meridian', 'North Star', 'Oak Hollow', 'Pinnacle', 'Prairie', 'Red Canyon', 'Riverbend', 'Silver Birch',
     'Stonebridge', 'Summit', 'Sunrise', 'Union Square', 'Westwind'] AS names,
    [{city: 'Albany', state: 'NY', area: '518'}, {city: 'Atlanta', state: 'GA', area: '404'},
     {city: 'Austin', state: 'TX', area: '512'}, {city: 'Baltimore', state: 'MD', area: '410'},
     {city: 'Boise', state: 'ID', area: '208'}, {city: 'Boston', state: 'MA', area: '617'},
     {city: 'Buffalo', state: 'NY', area: '716'}, {city: 'Chicago', state: 'IL', area: '312'},
     {city: 'Cleveland', state: 'OH', area: '216'}, {city: 'Columbus', state: 'OH', area: '614'},
     {city: 'Dallas', state: 'TX', area: '214'}, {city: 'Denver', state: 'CO', area: '303'},
     {city: 'Detroit', state: 'MI', area: '313'}, {city: 'Fresno', state: 'CA', area: '559'},
     {city: 'Houston', state: 'TX', area: '713'}, {city: 'Memphis', state: 'TN', area: '901'},
     {city: 'Miami', state: 'FL', area: '305'}, {city: 'Milwaukee', state: 'WI', area: '414'},
     {city: 'Nashville', state: 'TN', area: '615'}, {city: 'Oakland', state: 'CA', area: '510'},
     {city: 'Omaha', state: 'NE', area: '402'}, {city: 'Phoenix', state: 'AZ', area: '602'},
     {city: 'Pittsburgh', state: 'PA', area: '412'}, {city: 'Portland', state: 'OR', area: '503'},
     {city: 'Raleigh', state: 'NC', area: '919'}, {city: 'Reno', state: 'NV', area: '775'},
     {city: 'Seattle', state: 'WA', area: '206'}, {city: 'Tampa', state: 'FL', area: '813'},
     {city: 'Tucson', state: 'AZ', area: '520'}] AS cities,
    ['Alex', 'Blake', 'Casey', 'Dana', 'Drew', 'Ellis', 'Frankie', 'Gray', 'Harper', 'Jamie', 'Jordan', 'Kai', 'Logan',
     'Morgan', 'Parker', 'Quinn', 'Reese', 'Robin', 'Sage'] AS first_names,
    ['Baker', 'Carter', 'Dixon', 'Eriksen', 'Fraser', 'Gordon', 'Harris', 'Irving', 'Jordan', 'Khan', 'Lambert',
     'Mason',
     'Norris', 'Osman', 'Porter', 'Quintero', 'Rivera', 'Sutton', 'Turner', 'Underwood', 'Vance', 'Whitman',
     'Young'] AS last_names),
seeds AS (SELECT
    range AS client_no,
    range % 8 AS industry_no,
    CAST(md5_number_lower('client ' || range) >> 1 AS BIGINT) AS seed
    FROM range(greatest(8, coalesce(getvariable('candidates'), 100000) // 50))),
-- Steps through the names and the cities together: 31 and 29 share no divisor, so the pair repeats after 899 steps.
picks AS (SELECT *,
    cities[1 + client_no // 8 % 29] AS home,
    names[1 + client_no // 8 % 31] AS first_word,
    first_names[1 + seed % 10007 % 19] AS first_name,
    last_names[1 + seed % 10009 % 23] AS last_name
    FROM seeds JOIN industries USING (industry_no), words)
SELECT
    client_no + 1 AS client_id,
    first_word || ' ' || suffixes[1 + seed % 10037 % 3] || ' of ' || home.city AS name,
    industry,
    home.city AS city,
    home.state AS state,
    first_name || ' ' || last_name AS contact_name,
    lower(first_name || '.' || last_name) || '@client' || (client_no + 1) || '.example.com' AS contact_email,
    '+1-' || home.area || '-555-01' || lpad(CAST(seed % 10039 % 100 AS VARCHAR), 2, '0') AS contact_phone,
    DATE '2012-01-02' + CAST(seed % 10061 % 3600 AS INTEGER) AS since
FROM picks
