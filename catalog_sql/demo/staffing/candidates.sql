-- People looking for work: 100,000 rows, or getvariable('candidates') when that is set.
--
-- Rows by default and with getvariable('activity') at 10, which multiplies what happens to people:
--   candidates 100,000    clients 2,000    jobs 18,000    placements 50,000
--   timesheets 90,000 or 900,000    calls 60,000 or 600,000    emails 80,000 or 800,000
--   400,000 in all, or 2,470,000
--
-- candidate_id        BIGINT         1, 2, 3, ...
-- first_name          VARCHAR
-- last_name           VARCHAR
-- email               VARCHAR        unique, in a domain reserved for examples
-- phone               VARCHAR        +1-NPA-555-01XX, the range kept for fiction
-- birth_date          DATE
-- address             VARCHAR        street and number
-- city, state         VARCHAR
-- title               VARCHAR        one of 24 occupations, with seniority from four years on
-- years_experience    INTEGER
-- skills              VARCHAR[]      four to six
-- salary_expectation  DECIMAL(10,2)  US dollars a year
-- available_on        DATE
-- resume              VARCHAR        70 to 115 words, without name or contact data, which are columns of their own
--
-- How the files of this folder choose: md5, because its value is fixed by a standard where hash() may change with
-- DuckDB's version, and once a row, because it is the slow part. Remainders of one number by different primes are
-- independent of each other, so `seed % <prime> % n` gives every column its own choice out of n. Lists that
-- give several entries have a prime length too: a walk in equal steps then meets none twice.
-- The occupation is the id modulo 24, and occupations stand in order of pay: the n-th earns about 18 + 2.5 n dollars an
-- hour. jobs.sql and placements.sql rely on both.
WITH occupations(occupation, title, suffixes, specialties, skills, certificates, training, duties) AS (VALUES
    (0, 'Warehouse associate', ['Logistics', 'Distribution', 'Fulfillment'],
     ['order picking', 'inbound receiving', 'cold storage', 'returns handling', 'cycle counting'],
     ['RF scanners', 'pallet jacks', 'forklift driving', 'inventory software', 'packing', 'label printing', 'load securing', 'shelf replenishment', 'quality checks', 'dock scheduling', 'conveyor operation'],
     ['a sit-down forklift licence', 'OSHA 10 general industry', 'a reach truck permit'], 'a warehouse operations course',
     ['picked and packed 180 orders a shift', 'unloaded trailers and checked bills of lading', 'cut mis-picks by a third with a new bin layout', 'trained seasonal staff on scanners', 'ran weekly cycle counts of 4,000 locations', 'loaded refrigerated trucks by delivery route', 'kept the dock clear during peak season']),
    (1, 'Home care aide', ['Home Care', 'Senior Living', 'Elder Services'],
     ['dementia care', 'mobility support', 'respite care', 'palliative support', 'meal preparation'],
     ['bathing and dressing', 'medication reminders', 'safe transfers', 'vital signs', 'companionship', 'care notes', 'fall prevention', 'light housekeeping', 'feeding assistance', 'catheter care', 'family communication'],
     ['a home health aide certificate', 'CPR and first aid', 'dementia care training'], 'a home health aide programme',
     ['looked after six elderly clients in their homes', 'helped clients with walking frames and lifts', 'noticed early signs of infection and told the nurse', 'kept daily care logs for families', 'planned meals for diabetic clients', 'sat nights with clients at the end of life', 'drove clients to therapy and dialysis']),
    (2, 'Line cook', ['Bistro', 'Kitchen', 'Grill'],
     ['grill work', 'pastry', 'seafood', 'banquet cooking', 'vegetarian menus'],
     ['knife skills', 'sauces', 'braising', 'food safety', 'plating', 'stock rotation', 'bread baking', 'menu costing', 'butchery', 'prep lists', 'allergen control'],
     ['a food handler card', 'ServSafe manager', 'an allergen awareness certificate'], 'a culinary arts diploma',
     ['ran the grill station for 250 covers a night', 'baked bread and desserts from scratch', 'cut food waste by tracking prep', 'trained two apprentices on the fish station', 'wrote the seasonal vegetarian menu', 'kept the kitchen at the top hygiene grade', 'cooked banquets for up to 400 guests']),
    (3, 'Banquet coordinator', ['Hotel', 'Event Hall', 'Resort'],
     ['weddings', 'corporate conferences', 'charity galas', 'trade fairs', 'catering sales'],
     ['event timelines', 'seating plans', 'vendor contracts', 'budgeting', 'audio-visual setup', 'guest relations', 'banquet orders', 'staff rosters', 'table service', 'floor plans', 'invoice checks'],
     ['a certified meeting planner title', 'responsible alcohol service', 'a crowd safety certificate'], 'a hospitality diploma',
     ['planned 90 weddings from tasting to teardown', 'negotiated with florists, bands and caterers', 'led floor teams of 40 servers', 'kept conference budgets within two percent', 'rearranged halls overnight between events', 'raised repeat bookings by a fifth', 'settled guest complaints on the spot']),
    (4, 'Truck driver', ['Freight', 'Haulage', 'Transport'],
     ['long-haul routes', 'tanker loads', 'refrigerated freight', 'flatbed loads', 'local deliveries'],
     ['route planning', 'electronic logs', 'load securing', 'trailer coupling', 'pre-trip inspection', 'fuel saving', 'winter driving', 'backing and docking', 'hours-of-service rules', 'customer paperwork', 'tarping'],
     ['a class A commercial licence', 'a hazardous materials endorsement', 'a tanker endorsement'], 'a commercial driving school',
     ['drove 110,000 miles a year without an accident', 'delivered chilled food across six states', 'secured steel coils on flatbeds', 'hauled fuel to airports by night', 'passed every roadside inspection', 'mentored new drivers on mountain passes', 'kept on-time delivery above 98 percent']),
    (5, 'Dental assistant', ['Dental', 'Orthodontics', 'Dental Care'],
     ['orthodontics', 'oral surgery', 'pediatric dentistry', 'implants', 'preventive care'],
     ['chairside assistance', 'dental x-rays', 'sterilization', 'impressions', 'charting', 'suction', 'patient education', 'appointment scheduling', 'temporary crowns', 'infection control', 'insurance codes'],
     ['a dental radiography permit', 'a certified dental assistant title', 'CPR and first aid'], 'a dental assisting programme',
     ['assisted at 15 procedures a day', 'took digital x-rays and impressions', 'calmed nervous children before treatment', 'ran the sterilization room', 'prepared trays for wisdom tooth surgery', 'taught patients to care for braces', 'moved paper charts into software']),
    (6, 'Bookkeeper', ['Accounting', 'Tax Services', 'Advisors'],
     ['accounts payable', 'payroll', 'bank reconciliation', 'sales tax', 'small business books'],
     ['QuickBooks', 'invoicing', 'ledger entries', 'spreadsheets', 'expense reports', 'month-end closing', 'vendor statements', 'collections', 'payroll software', 'receipts scanning', 'tax filing'],
     ['a certified bookkeeper title', 'a QuickBooks certificate', 'a payroll certificate'], 'an associate degree in accounting',
     ['kept the books of 30 small companies', 'reconciled twelve bank accounts each month', 'ran biweekly payroll for 85 employees', 'recovered overdue invoices worth 200,000 dollars', 'prepared quarterly sales tax returns', 'moved clients from paper to online ledgers', 'closed each month within four days']),
    (7, 'Hotel front desk manager', ['Inn', 'Hotel', 'Suites'],
     ['guest check-in', 'group bookings', 'night audit', 'concierge service', 'revenue management'],
     ['reservation systems', 'upselling', 'complaint handling', 'shift planning', 'cash handling', 'room allocation', 'loyalty programmes', 'phone etiquette', 'occupancy reports', 'key card systems', 'Spanish'],
     ['a certified front desk supervisor title', 'a guest service certificate', 'first aid'], 'a hotel management degree',
     ['led a reception team of twelve', 'raised guest satisfaction from 7.9 to 9.1', 'handled overbooked nights without a walkout', 'checked in tour groups of 120', 'introduced mobile keys', 'balanced the night audit every day', 'sold room upgrades worth 9,000 dollars a month']),
    (8, 'Carpenter', ['Builders', 'Construction', 'Homes'],
     ['timber framing', 'cabinet making', 'finish carpentry', 'formwork', 'stair building'],
     ['blueprint reading', 'table saws', 'joinery', 'measuring', 'drywall', 'roof trusses', 'door hanging', 'flooring', 'wood finishing', 'site safety', 'material estimates'],
     ['OSHA 30 construction', 'a journeyman carpenter card', 'a scaffolding permit'], 'a carpentry apprenticeship',
     ['framed 40 houses to code', 'built kitchen cabinets to measure', 'set concrete forms for a parking garage', 'restored windows of a listed town hall', 'hung doors and trim in a 60-unit building', 'led a crew of five on roof trusses', 'built curved oak staircases']),
    (9, 'Welder', ['Steel', 'Fabrication', 'Shipyard'],
     ['pipe welding', 'structural steel', 'stainless fabrication', 'shipbuilding', 'pressure vessels'],
     ['TIG welding', 'MIG welding', 'stick welding', 'flux-cored welding', 'plasma cutting', 'blueprint reading', 'grinding', 'oxy-fuel torches', 'visual inspection', 'fit-up', 'aluminium welding'],
     ['an AWS D1.1 certificate', 'a 6G pipe qualification', 'a hot work permit'], 'a welding technology diploma',
     ['welded stainless pipe for food plants', 'joined bridge girders from a lift', 'passed every x-ray inspection of pressure vessels', 'built hull sections from heavy plate', 'repaired excavator buckets in the field', 'taught apprentices vertical and overhead passes', 'cut rework by half with new jigs']),
    (10, 'Diesel mechanic', ['Fleet Services', 'Truck Repair', 'Transit'],
     ['heavy trucks', 'city buses', 'construction machines', 'marine engines', 'fleet maintenance'],
     ['engine diagnostics', 'brake systems', 'hydraulics', 'transmissions', 'fuel injection', 'preventive maintenance', 'electrical wiring', 'exhaust aftertreatment', 'welding basics', 'parts ordering', 'road calls'],
     ['an ASE medium and heavy truck certificate', 'an air brake certificate', 'a refrigerant handling licence'], 'a diesel technology diploma',
     ['rebuilt diesel engines and turbochargers', 'kept 70 buses on the road', 'traced electrical faults with a scan tool', 'answered breakdown calls at night', 'replaced clutches and gearboxes', 'cut downtime with planned inspections', 'repaired hydraulics of excavators']),
    (11, 'CNC machinist', ['Precision', 'Machine Works', 'Tooling'],
     ['five-axis milling', 'turning', 'aerospace parts', 'medical devices', 'prototype work'],
     ['G-code', 'CAM software', 'micrometers', 'tool setup', 'tolerance reading', 'Fanuc controls', 'surface grinding', 'first article inspection', 'titanium', 'fixture design', 'coolant care'],
     ['a NIMS milling credential', 'a NIMS turning credential', 'a metrology certificate'], 'a machining apprenticeship',
     ['milled titanium brackets to five microns', 'programmed lathes for bone screws', 'cut setup time by forty percent', 'inspected first articles with a coordinate machine', 'kept scrap below one percent', 'ran four machining centres on night shift', 'built fixtures for engine housings']),
    (12, 'HVAC technician', ['Heating & Cooling', 'Climate Control', 'Mechanical'],
     ['commercial refrigeration', 'heat pumps', 'ductwork', 'boilers', 'building automation'],
     ['refrigerant recovery', 'brazing', 'electrical testing', 'load calculation', 'thermostat wiring', 'compressor repair', 'leak detection', 'air balancing', 'customer service', 'gas furnaces', 'preventive maintenance'],
     ['an EPA 608 universal card', 'a NATE certificate', 'a journeyman HVAC licence'], 'an HVAC trade school',
     ['installed 200 heat pumps in homes', 'repaired supermarket freezers overnight', 'balanced air flow in a hospital wing', 'replaced boilers in schools', 'answered no-heat calls in winter', 'set up building controls for offices', 'found leaks that others had missed']),
    (13, 'Electrician', ['Electric', 'Power Systems', 'Contractors'],
     ['commercial wiring', 'solar installations', 'industrial controls', 'residential service', 'fire alarms'],
     ['conduit bending', 'panel upgrades', 'code compliance', 'motor controls', 'PLC basics', 'troubleshooting', 'three-phase power', 'cable pulling', 'lighting design', 'grounding', 'permit paperwork'],
     ['a journeyman electrician licence', 'a master electrician licence', 'OSHA 30 construction'], 'an electrical apprenticeship',
     ['wired a 12-floor office tower', 'installed rooftop solar arrays', 'upgraded panels in older homes', 'kept a bottling plant running around the clock', 'tested fire alarms in schools', 'led a crew of eight on a hospital site', 'found faults in three-phase motors']),
    (14, 'Primary school teacher', ['Elementary School', 'Academy', 'Charter School'],
     ['early reading', 'mathematics', 'bilingual classes', 'inclusive classrooms', 'science projects'],
     ['lesson planning', 'classroom management', 'phonics', 'parent meetings', 'assessment', 'differentiated teaching', 'storytelling', 'digital whiteboards', 'special needs support', 'field trips', 'report writing'],
     ['a state teaching licence', 'an ESL endorsement', 'a special education endorsement'], 'a bachelor of education',
     ['taught 26 second graders to read', 'raised maths scores by two grade bands', 'ran a bilingual class in English and Spanish', 'wrote plans for pupils with dyslexia', 'started a school garden for science lessons', 'mentored three student teachers', 'kept parents informed every week']),
    (15, 'School counselor', ['High School', 'School District', 'College Prep'],
     ['college guidance', 'crisis response', 'anti-bullying work', 'career planning', 'attendance support'],
     ['active listening', 'group sessions', 'case notes', 'conflict mediation', 'referrals', 'suicide prevention', 'family meetings', 'scholarship advice', 'data reports', 'workshop design', 'confidentiality'],
     ['a school counseling licence', 'a youth mental health first aid certificate', 'a trauma-informed care certificate'], 'a master of school counseling',
     ['advised 350 students a year', 'helped first-generation students into college', 'mediated conflicts between students', 'answered crises with families and doctors', 'cut truancy by a quarter', 'led grief groups after a loss', 'found 400,000 dollars in scholarships']),
    (16, 'Accountant', ['Partners', 'Audit Group', 'Financial'],
     ['financial reporting', 'audits', 'corporate tax', 'cost accounting', 'nonprofit accounting'],
     ['GAAP', 'Excel', 'SAP', 'consolidation', 'variance analysis', 'internal controls', 'fixed assets', 'revenue recognition', 'tax returns', 'audit papers', 'budget planning'],
     ['a CPA licence', 'a certified management accountant title', 'an enrolled agent title'], 'a bachelor of accounting',
     ['prepared consolidated statements of nine companies', 'led audits of manufacturers and banks', 'saved 300,000 dollars in corporate tax', 'set up controls that passed external review', 'closed the year in ten days', 'traced cost overruns to three suppliers', 'reported to boards of nonprofits']),
    (17, 'Instructional designer', ['Learning', 'University', 'Training Institute'],
     ['online courses', 'corporate training', 'simulations', 'learning platforms', 'accessibility'],
     ['storyboards', 'Articulate', 'Moodle', 'video editing', 'needs analysis', 'quiz design', 'learning objectives', 'SCORM', 'interviewing experts', 'usability tests', 'captioning'],
     ['a training and development certificate', 'an accessibility certificate', 'a project management certificate'], 'a master of learning design',
     ['built 60 online courses for nurses', 'moved classroom training to a platform for 8,000 staff', 'wrote branching scenarios for call centres', 'made every course usable with a screen reader', 'measured learning with pre-tests and post-tests', 'cut onboarding from six weeks to four', 'filmed and cut teaching videos']),
    (18, 'Registered nurse', ['Hospital', 'Medical Center', 'Clinic'],
     ['intensive care', 'emergency medicine', 'pediatrics', 'oncology', 'surgical recovery'],
     ['patient assessment', 'IV therapy', 'ventilator care', 'electronic charting', 'triage', 'wound care', 'medication administration', 'telemetry', 'discharge teaching', 'infection control', 'cardiac monitoring'],
     ['a state RN licence', 'ACLS and BLS', 'a critical care nursing certificate'], 'a bachelor of nursing',
     ['cared for ventilated patients on a 20-bed unit', 'triaged 60 emergency patients a shift', 'gave chemotherapy and watched for reactions', 'led a night shift of seven nurses', 'cut bloodstream infections with a line checklist', 'taught families to care for newborns', 'prepared patients for heart surgery']),
    (19, 'Network administrator', ['Networks', 'IT Services', 'Telecom'],
     ['campus networks', 'firewalls', 'wireless networks', 'data centres', 'remote access'],
     ['routing and switching', 'VPN', 'Linux', 'Wireshark', 'VLAN design', 'monitoring', 'DNS and DHCP', 'BGP', 'incident response', 'Python scripts', 'access control'],
     ['a CCNA certificate', 'a CCNP certificate', 'a Network+ certificate'], 'a degree in information systems',
     ['ran the network of 45 branch offices', 'replaced firewalls without an outage', 'traced packet loss to a faulty switch', 'brought wireless to a campus of 9,000', 'automated router backups', 'answered outages on call', 'split a flat network into secured zones']),
    (20, 'Mechanical engineer', ['Engineering', 'Dynamics', 'Industries'],
     ['machine design', 'thermal analysis', 'product development', 'robotics', 'plant equipment'],
     ['SolidWorks', 'finite element analysis', 'tolerance stacks', 'MATLAB', 'sheet metal', 'prototyping', 'failure analysis', 'pumps and valves', 'project planning', 'technical drawings', 'material selection'],
     ['a professional engineer licence', 'a Six Sigma green belt', 'a SolidWorks certificate'], 'a bachelor of mechanical engineering',
     ['designed gearboxes for wind turbines', 'cut the weight of a pump by 18 percent', 'simulated heat in battery packs', 'brought a packing robot from sketch to production', 'found the cause of cracked shafts', 'led suppliers through first samples', 'wrote test plans for valves']),
    (21, 'Financial analyst', ['Capital', 'Bank', 'Insurance'],
     ['forecasting', 'credit risk', 'mergers', 'portfolio reporting', 'pricing'],
     ['financial models', 'SQL', 'Excel', 'Power BI', 'valuation', 'scenario planning', 'cash flow analysis', 'Python', 'presentations', 'market research', 'regulatory reports'],
     ['a CFA charter', 'a financial risk manager title', 'a financial modelling certificate'], 'a bachelor of finance',
     ['built the five-year forecast of a retailer', 'valued targets in four acquisitions', 'scored the credit risk of 2,000 borrowers', 'automated monthly board reports', 'priced insurance for small firms', 'explained variances to department heads', 'stress-tested a loan portfolio']),
    (22, 'Java developer', ['Software', 'Systems', 'Labs'],
     ['microservices', 'payment systems', 'web backends', 'legacy modernization', 'event streaming'],
     ['Java', 'Spring Boot', 'Hibernate', 'PostgreSQL', 'Kafka', 'REST APIs', 'Docker', 'Kubernetes', 'JUnit', 'Maven', 'Git'],
     ['an Oracle Java certificate', 'a Spring professional certificate', 'an AWS developer certificate'], 'a bachelor of computer science',
     ['built payment services that handle 3,000 requests a second', 'split a monolith into 20 services', 'cut API latency from 400 to 90 milliseconds', 'moved batch jobs to event streams', 'wrote tests that doubled coverage', 'reviewed code for a team of nine', 'replaced an old billing system']),
    (23, 'Data scientist', ['Analytics', 'Data', 'Research'],
     ['forecasting models', 'recommendation systems', 'natural language processing', 'experiment design', 'computer vision'],
     ['Python', 'SQL', 'scikit-learn', 'PyTorch', 'statistics', 'A/B testing', 'Spark', 'feature engineering', 'data visualization', 'causal inference', 'model monitoring'],
     ['a cloud machine learning certificate', 'a deep learning certificate', 'a data engineering certificate'], 'a master of statistics',
     ['predicted demand for 12,000 products', 'trained models that flag fraud', 'built a recommender that raised sales by six percent', 'classified support tickets by language models', 'ran experiments on pricing pages', 'detected defects in camera images', 'explained models to regulators'])),
words AS (SELECT
    ['Aaliyah', 'Adam', 'Aiko', 'Alice', 'Amara', 'Andre', 'Anita', 'Ben', 'Bianca', 'Carlos', 'Chen', 'Clara',
     'Daniel', 'Deepa', 'Diego', 'Elena', 'Emeka', 'Emma', 'Farah', 'Felix', 'Grace', 'Hana', 'Hassan', 'Ines',
     'Isaac', 'Ivy', 'Jamal', 'Jin', 'Jonas', 'Julia', 'Kavya', 'Kenji', 'Laila', 'Leo', 'Lin', 'Lucia', 'Malik',
     'Maria', 'Mateo', 'Mei', 'Mina', 'Nadia', 'Noah', 'Nora', 'Omar', 'Owen', 'Paula', 'Priya', 'Rafael', 'Rosa',
     'Ruth', 'Samir', 'Sofia', 'Tariq', 'Tess', 'Victor', 'Wanda', 'Yara', 'Zane'] AS first_names,
    ['Abbott', 'Achebe', 'Adler', 'Ahmed', 'Alvarez', 'Andersen', 'Bauer', 'Bello', 'Brandt', 'Brooks', 'Castro',
     'Chandra', 'Cohen', 'Costa', 'Cruz', 'Dalton', 'Diaz', 'Dubois', 'Edwards', 'Ellis', 'Farouk', 'Fischer',
     'Flores', 'Foster', 'Garcia', 'Gomez', 'Grant', 'Gupta', 'Haddad', 'Hansen', 'Hayes', 'Hughes', 'Ibrahim', 'Ito',
     'Jansen', 'Jensen', 'Kaur', 'Keller', 'Kim', 'Kowalski', 'Kumar', 'Larsen', 'Lee', 'Lopez', 'Marino', 'Mbeki',
     'Mendez', 'Meyer', 'Moreau', 'Morris', 'Nakamura', 'Nguyen', 'Novak', 'Okafor', 'Olsen', 'Ortiz', 'Park',
     'Patel', 'Pereira', 'Petrov', 'Quinn', 'Ramos', 'Reyes', 'Rossi', 'Sato', 'Schmidt', 'Silva', 'Singh', 'Suzuki',
     'Tanaka', 'Torres', 'Tran', 'Varga', 'Vega', 'Wagner', 'Walsh', 'Weber', 'Yilmaz', 'Zhang'] AS last_names,
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
    ['Amber', 'Bayside', 'Beacon', 'Blue Heron', 'Cedar Ridge', 'Clearwater', 'Crescent', 'Eastgate', 'Evergreen',
     'Fairview', 'Granite', 'Harbor', 'Highland', 'Ironwood', 'Juniper', 'Keystone', 'Lakeshore', 'Maple Grove',
     'Meridian', 'North Star', 'Oak Hollow', 'Pinnacle', 'Prairie', 'Red Canyon', 'Riverbend', 'Silver Birch',
     'Stonebridge', 'Summit', 'Sunrise', 'Union Square', 'Westwind'] AS employers,
    ['Ash', 'Birch', 'Chestnut', 'Elm', 'Hickory', 'Laurel', 'Linden', 'Magnolia', 'Mulberry', 'Poplar', 'Spruce',
     'Sycamore', 'Walnut'] AS streets,
    ['day shifts', 'night shifts', 'a permanent position', 'contract work', 'part-time hours', 'weekend shifts',
     'a role with room to grow'] AS wishes),
seeds AS (SELECT
    range AS candidate_id,
    (range - 1) % 24 AS occupation,
    CAST(md5_number_lower('candidate ' || range) >> 1 AS BIGINT) AS seed
    FROM range(1, 1 + coalesce(getvariable('candidates'), 100000))),
picks AS (SELECT
    candidate_id, seed, o.*,
    first_names[1 + seed % 10007 % 59] AS first_name,
    last_names[1 + seed % 10009 % 79] AS last_name,
    cities[1 + seed % 10037 % 29] AS home,
    cities[1 + seed % 10039 % 29].city AS former_city,
    CAST(1 + seed % 10061 % 28 AS INTEGER) AS years,
    employers[1 + seed % 10067 % 31] || ' ' || suffixes[1 + seed % 10069 % 3] AS employer,
    employers[1 + seed % 10079 % 31] || ' ' || suffixes[1 + seed % 10091 % 3] AS former_employer,
    [o.skills[1 + (seed % 10093 + n * (1 + seed % 10099 % 10)) % 11] for n in range(4 + seed % 10103 % 3)]
        AS own_skills,
    [duties[1 + (seed % 10111 + n * (1 + seed % 10133 % 6)) % 7] for n in range(3)] AS own_duties,
    [specialties[1 + (seed % 10139 + n * (1 + seed % 10141 % 4)) % 5] for n in range(2)] AS own_specialties,
    certificates[1 + seed % 10151 % 3] AS certificate,
    wishes[1 + seed % 10159 % 7] AS wish,
    streets[1 + seed % 10163 % 13] AS street
    FROM seeds JOIN occupations AS o USING (occupation), words),
people AS (SELECT *,
    CASE WHEN years >= 15 THEN 'Lead ' WHEN years >= 9 THEN 'Senior ' WHEN years >= 4 THEN 'Experienced ' ELSE '' END
        || CASE WHEN years < 4 OR title LIKE 'HVAC%' OR title LIKE 'CNC%' OR title LIKE 'Java%' THEN title
            ELSE lower(title[1]) || title[2:] END AS full_title
    FROM picks)
SELECT
    candidate_id,
    first_name,
    last_name,
    lower(first_name || '.' || last_name) || candidate_id || ['@example.com', '@example.org'][1 + seed % 10169 % 2] AS email,
    '+1-' || home.area || '-555-01' || lpad(CAST(seed % 10177 % 100 AS VARCHAR), 2, '0') AS phone,
    DATE '2004-12-31' - years * 365 - CAST(seed % 10181 % 3000 AS INTEGER) AS birth_date,
    (1 + seed % 10193 % 9800) || ' ' || street || [' Street', ' Avenue', ' Lane'][1 + seed % 10211 % 3] AS address,
    home.city AS city,
    home.state AS state,
    full_title AS title,
    years AS years_experience,
    own_skills AS skills,
    CAST(500 * ((18 + 5 * occupation // 2) * (1800 + 20 * years + seed % 10223 % 300) // 500) AS DECIMAL(10, 2))
        AS salary_expectation,
    DATE '2025-07-01' + CAST(seed % 10243 % 180 AS INTEGER) AS available_on,
    full_title || ' with ' || years || CASE years WHEN 1 THEN ' year' ELSE ' years' END
        || [' of experience in ', ' of practice in ', ' of hands-on work in ', ', at home in '][1 + seed % 10247 % 4]
        || own_specialties[1] || ' and ' || own_specialties[2] || '. '
        || ['Most recently at ', 'Now with ', 'Works at ', 'Until this spring at '][1 + seed % 10253 % 4]
        || employer || ' in ' || home.city || ': ' || own_duties[1] || ', and ' || own_duties[2] || '. '
        || ['Before that at ', 'Earlier, at ', 'Started out at '][1 + seed % 10259 % 3]
        || former_employer || ' in ' || former_city || ', ' || own_duties[3] || '. '
        || ['Strong in ', 'Daily tools and skills: ', 'Knows ', 'Brings '][1 + seed % 10267 % 4]
        || array_to_string(own_skills[:-2], ', ') || ' and ' || own_skills[-1] || '. '
        || ['Holds ', 'Earned ', 'Has '][1 + seed % 10271 % 3] || certificate || '. '
        || 'Completed ' || training || ' in ' || former_city || ' in ' || (2025 - years - seed % 10273 % 2) || '. '
        || 'Looking for ' || wish || ' within ' || (5 * (1 + seed % 10289 % 10)) || ' miles of ' || home.city || ', '
        || ['ready to start at short notice', 'with notice of two weeks', 'and willing to relocate',
            'own car available', 'references on request'][1 + seed % 10301 % 5]
        || '.' AS resume
FROM people
