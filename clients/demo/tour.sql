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

-- Operations are statements too --
CALL health();
