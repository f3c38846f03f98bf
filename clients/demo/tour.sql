-- What is in the lake --
SELECT dataset, row_count
FROM catalog.datasets
ORDER BY row_count DESC;

-- Margin by industry: four tables joined --
SELECT c.industry, count(DISTINCT p.placement_id) AS placements, round(sum(t.hours)) AS hours,
       round(sum(t.hours * p.bill_rate)) AS billed,
       round(100 * sum(t.hours * (p.bill_rate - p.pay_rate)) / sum(t.hours * p.bill_rate), 1) AS margin_percent
FROM timesheets t
JOIN placements p USING (placement_id)
JOIN jobs j USING (job_id)
JOIN clients c USING (client_id)
WHERE t.approved
GROUP BY c.industry
ORDER BY billed DESC;

-- Search by meaning, joined to the people found --
SELECT s.rank, s.score, c.title, c.city, c.salary_expectation, s.chunk_text
FROM vector_search('resumes', 'nurse with intensive care experience', k := 5) s
JOIN candidates c ON c.candidate_id = s.doc_id::BIGINT
ORDER BY s.rank;

-- A search like any other table: who was found, and who was called --
SELECT c.title, count(DISTINCT c.candidate_id) AS candidates, count(l.call_id) AS calls,
       count(*) FILTER (WHERE l.outcome = 'interview booked') AS interviews
FROM vector_search('resumes', 'keeps machines in a factory running', k := 50) s
JOIN candidates c ON c.candidate_id = s.doc_id::BIGINT
LEFT JOIN calls l USING (candidate_id)
GROUP BY c.title
ORDER BY candidates DESC, c.title
LIMIT 8;

-- An answer with its sources, as a row --
SELECT *
FROM rag('python_reference', 'When does a finally clause run?');

-- One search per row of a table --
SELECT q.question, s.rank, s.score, s.doc_id
FROM (VALUES ('How do I define a coroutine?'), ('What does the del statement do?'), ('How are strings formatted?'))
     AS q(question),
     vector_search('python_reference', q.question, k := 2) s
ORDER BY q.question, s.rank;

-- The indexes behind it --
SELECT index_name, dataset, model, dimension, plan, row_count, status
FROM catalog.vector_indexes;

-- A view over three tables: what an hour of each placement earns --
CREATE OR REPLACE VIEW placement_margins AS
SELECT p.placement_id, c.industry, j.title, p.bill_rate - p.pay_rate AS margin
FROM placements p
JOIN jobs j USING (job_id)
JOIN clients c USING (client_id);

-- A table made from it, with a CTE and windows --
CREATE OR REPLACE TABLE monthly_margins AS
WITH months AS (
    SELECT m.industry, date_trunc('month', t.week_ending)::DATE AS month, sum(t.hours * m.margin) AS earned
    FROM timesheets t
    JOIN placement_margins m USING (placement_id)
    WHERE t.approved
    GROUP BY ALL
)
SELECT industry, month, earned, rank() OVER (PARTITION BY month ORDER BY earned DESC) AS place,
       sum(earned) OVER (PARTITION BY industry ORDER BY month) AS earned_so_far
FROM months;

-- A union: calls and emails are contacts --
CREATE OR REPLACE VIEW contacts AS
SELECT candidate_id, started_at AS contacted_at, 'call' AS channel, outcome AS detail FROM calls
UNION ALL
SELECT candidate_id, sent_at, direction || ' email', subject FROM emails;

-- Who was contacted last, and how --
CREATE OR REPLACE TABLE last_contacts AS
WITH numbered AS (
    SELECT *, row_number() OVER (PARTITION BY candidate_id ORDER BY contacted_at DESC) AS contact_no FROM contacts
)
SELECT c.candidate_id, c.email, n.contacted_at, n.channel
FROM candidates c
JOIN numbered n USING (candidate_id)
WHERE n.contact_no = 1;

-- A search kept as a table --
CREATE OR REPLACE TABLE shortlist AS
SELECT s.rank, s.score, c.candidate_id, c.title, c.city
FROM vector_search('resumes', 'nurse with intensive care experience', k := 5) s
JOIN candidates c ON c.candidate_id = s.doc_id::BIGINT;

-- The catalog knows where each column came from --
SELECT source_dataset, source_column, target_dataset, target_column, transformation
FROM column_sources('monthly_margins', 'earned_so_far')
WHERE is_direct
ORDER BY ALL;

-- ... and where it goes --
SELECT target_dataset, target_column, transformation
FROM column_targets('candidates', 'email')
ORDER BY ALL;

-- What breaks without a column, before it is dropped --
CALL impact(dataset := 'placements', column_name := 'pay_rate');

-- What holds personal data: found in a sample of the rows as they were loaded --
SELECT dataset, column_name, pii_kind, round(pii_confidence, 2) AS confidence, sensitivity
FROM catalog.columns
WHERE pii_kind IS NOT NULL
ORDER BY dataset, column_name;

-- What people say of a dataset stands beside what is known of it --
CALL set_metadata(dataset := 'monthly_margins', description := 'Margin by industry and month, of approved hours',
                  owner := 'finance', sensitivity := 'internal', expected_every_s := 86400);

-- Which datasets have no owner --
SELECT dataset, kind, row_count
FROM catalog.datasets
WHERE owner IS NULL
ORDER BY dataset;

-- Each column at a glance --
CALL profile_columns(dataset := 'candidates');

-- ... without the values of personal ones --
SELECT column_name, null_count, distinct_count, minimum, maximum, top_values[1].value AS most_frequent, withheld
FROM catalog.column_profiles
WHERE dataset = 'candidates';

-- What changed in the last week, and who did it --
SELECT dataset, change, actor, count(*) AS commits, max(changed_at) AS last_at
FROM (
    SELECT dataset, change || ' rows' AS change, author AS actor, committed_at AS changed_at
    FROM catalog.dataset_writes JOIN catalog.dataset_ids USING (object_id) JOIN catalog.snapshots USING (snapshot_id)
    UNION ALL
    SELECT dataset, concat_ws(' ', change, column_name), actor, changed_at FROM catalog.schema_changes
)
WHERE changed_at > now() - INTERVAL 7 DAYS
GROUP BY ALL
ORDER BY last_at DESC;

-- Operations are statements too --
CALL health();
