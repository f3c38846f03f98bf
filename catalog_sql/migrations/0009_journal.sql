-- The journal: every mutation of the datasets that are journalled, and events from outside, in one hash chain.

CREATE TABLE lakehouse.catalog.journal_events (
    sequence BIGINT NOT NULL, dataset VARCHAR, entity_hmac VARCHAR, change VARCHAR NOT NULL, field VARCHAR, detail VARCHAR,
    actor VARCHAR, source VARCHAR, workspace VARCHAR, occurred_at TIMESTAMPTZ NOT NULL, snapshot_id BIGINT,
    row_id BIGINT, key_number BIGINT, sealed BLOB, chain BLOB NOT NULL);
COMMENT ON TABLE lakehouse.catalog.journal_events IS 'The journal as it is kept, values sealed; catalog.journal shows it, entity_history and cell_history open values.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.sequence IS 'Place in the journal: rises by one.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.dataset IS 'Dataset, schema-qualified outside main; NULL for a gap of all.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.entity_hmac IS 'Keyed HMAC-SHA256 of dataset and entity, its first 16 bytes; NULL for a table as a whole.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.change IS 'insert, update, delete, or the caller''s own word; of a table: create, drop, replace, rename, alter, write, journal_on, journal_off, gap; begin once.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.field IS 'Column that changed; NULL for a whole row.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.detail IS 'Of a table: its new name, what was done to its rows, or what could not be read.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.actor IS 'Principal that committed it or appended it.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.source IS 'The commit''s message, or what the caller of journal_append gave.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.workspace IS 'Workspace, if the caller gave one.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.occurred_at IS 'Time of the commit, or when it was appended.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.snapshot_id IS 'The commit; NULL for what came by journal_append.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.row_id IS 'DuckLake''s number of the row, which an update keeps.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.key_number IS 'Which subject key seals the values: its place in the server''s file of keys.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.sealed IS 'AES-256-GCM of entity, old and new value, after its nonce of 12 bytes.';
COMMENT ON COLUMN lakehouse.catalog.journal_events.chain IS 'SHA-256 over the link before and this event.';

CREATE TABLE lakehouse.catalog.journal_heads (
    sequence BIGINT NOT NULL, chain BLOB NOT NULL, read_snapshot BIGINT NOT NULL, log_id VARCHAR NOT NULL,
    log_sequence BIGINT NOT NULL, public_key VARCHAR NOT NULL, signature BLOB NOT NULL, written_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.journal_heads IS 'One row: how far the journal is. Replaced with each commit of events, so that two writers at once conflict.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.sequence IS 'Sequence of the newest event.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.chain IS 'Its link of the chain.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.read_snapshot IS 'Commits up to this snapshot are in the journal.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.log_id IS 'Append log that events from outside come through.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.log_sequence IS 'Its records up to this sequence are in the journal.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.public_key IS 'Ed25519 key of the server that keeps the journal, hexadecimal.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.signature IS 'Its signature over this row.';
COMMENT ON COLUMN lakehouse.catalog.journal_heads.written_at IS 'When.';

CREATE TABLE lakehouse.catalog.journal_dataset_events (
    dataset VARCHAR NOT NULL, enabled BOOLEAN NOT NULL, entity_column VARCHAR, from_snapshot BIGINT NOT NULL,
    actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.journal_dataset_events IS 'Every change that set_journal made, and those of names by a rename.';
COMMENT ON COLUMN lakehouse.catalog.journal_dataset_events.dataset IS 'Dataset, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.journal_dataset_events.enabled IS 'Whether its changes are journalled from then on.';
COMMENT ON COLUMN lakehouse.catalog.journal_dataset_events.entity_column IS 'Column that names its entities; NULL: that of its tombstones, or each row is one.';
COMMENT ON COLUMN lakehouse.catalog.journal_dataset_events.from_snapshot IS 'It holds for commits after this snapshot.';
COMMENT ON COLUMN lakehouse.catalog.journal_dataset_events.actor IS 'Who set it.';
COMMENT ON COLUMN lakehouse.catalog.journal_dataset_events.changed_at IS 'When.';
