-- Changes of schemas that outlive the snapshots they are read from, and migrations that people decide.

CREATE TABLE lakehouse.catalog.schema_change_events (
    snapshot_id BIGINT NOT NULL, dataset VARCHAR NOT NULL, table_id BIGINT, column_id BIGINT, change VARCHAR NOT NULL,
    column_name VARCHAR, old_value VARCHAR, new_value VARCHAR, actor VARCHAR, source VARCHAR,
    changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.schema_change_events IS 'Changes of schemas whose snapshots may have expired; catalog.schema_changes adds those since.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.snapshot_id IS 'Commit that made the change.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.dataset IS 'Dataset under the name that it had after the change, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.table_id IS 'DuckLake''s number of the table, which a rename leaves; NULL for a view.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.column_id IS 'DuckLake''s number of the column within its table; NULL for a change of the dataset.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.change IS 'create, replace, rename or drop with table; create, replace or drop with view; add, rename, retype, set not null of, drop not null of, set default of or drop with column.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.column_name IS 'Column, nested ones with the names of those around them, joined by dots.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.old_value IS 'Name or type before.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.new_value IS 'Name or type after.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.actor IS 'Principal that committed it; NULL if another program did.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.source IS 'Message of the commit: the kind of statement, the ingest or the migration.';
COMMENT ON COLUMN lakehouse.catalog.schema_change_events.changed_at IS 'When it was committed.';

CREATE TABLE lakehouse.catalog.migration_proposal_events (
    proposal_id VARCHAR NOT NULL, table_id BIGINT NOT NULL, dataset VARCHAR NOT NULL, status VARCHAR NOT NULL,
    rules VARCHAR, statements VARCHAR[], broken_views VARCHAR[], rules_sha256 VARCHAR, columns_sha256 VARCHAR,
    arriving VARCHAR, source VARCHAR, reason VARCHAR, actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.migration_proposal_events IS 'Every proposed migration of a table, and what people decided.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.proposal_id IS 'Identifier of the proposal.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.table_id IS 'DuckLake''s number of the table.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.dataset IS 'Its name then, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.status IS 'proposed, accepted, rejected or replaced: by a later proposal of the same rules, since the table had changed.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.rules IS 'JSON list of its steps with confidence and effect in counts, never values; on the row that proposes.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.statements IS 'The SQL that accepting runs; on the row that proposes.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.broken_views IS 'Views that it breaks: tried when it was proposed, and again when it was accepted.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.rules_sha256 IS 'SHA-256 of the steps that need a decision: equal for the same proposal.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.columns_sha256 IS 'SHA-256 of the table''s columns that it is made for.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.arriving IS 'JSON object of the new data''s columns, name to type; on the row that proposes.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.source IS 'What was to be loaded.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.reason IS 'Why it was rejected, in the words of whoever did: name no person in it.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.actor IS 'Who loaded, accepted or rejected.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.changed_at IS 'When.';
