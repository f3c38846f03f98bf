-- Datasets whose rows should have changed by now, and how long ago they should have.
CREATE OR REPLACE VIEW lakehouse.catalog.overdue AS
SELECT dataset, owner, expected_every_s, last_changed_at, changed_by,
    last_changed_at + to_seconds(expected_every_s) AS due_at,
    epoch(now()) - epoch(last_changed_at) - expected_every_s AS overdue_s
FROM lakehouse.catalog.dataset_facts WHERE now() > last_changed_at + to_seconds(expected_every_s);
COMMENT ON VIEW lakehouse.catalog.overdue IS 'Datasets whose rows should have changed by now.';
