-- Each proposed migration with its latest state.
CREATE OR REPLACE VIEW lakehouse.catalog.migration_proposals AS
SELECT
    proposal_id, any_value(dataset) AS dataset, arg_max(status, changed_at) AS status,
    any_value(rules)::JSON AS rules, any_value(statements) AS statements,
    arg_max(broken_views, changed_at) FILTER (broken_views IS NOT NULL) AS broken_views,
    any_value(arriving)::JSON AS arriving, any_value(arriving_statistics)::JSON AS arriving_statistics,
    any_value(source) AS source, if(any_value(model) IS NULL, 'rules', 'model') AS proposer, any_value(model) AS model,
    any_value(based_on) AS based_on, arg_min(actor, changed_at) AS proposed_by, min(changed_at) AS proposed_at,
    arg_max(reason, changed_at) AS reason, arg_max(actor, changed_at) AS actor, max(changed_at) AS changed_at,
    any_value(table_id) AS table_id, any_value(rules_sha256) AS rules_sha256, any_value(columns_sha256) AS columns_sha256
FROM lakehouse.catalog.migration_proposal_events GROUP BY proposal_id;
COMMENT ON VIEW lakehouse.catalog.migration_proposals IS 'Proposed changes of schemas, and what became of each.';
