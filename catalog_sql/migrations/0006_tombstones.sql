-- Keys whose rows were taken away, and what was held back of them since.

CREATE SCHEMA IF NOT EXISTS lakehouse.deleted;

CREATE TABLE lakehouse.catalog.tombstone_events (
    tombstone_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL, key_column VARCHAR NOT NULL, key_type VARCHAR NOT NULL,
    key_hmac VARCHAR NOT NULL, key_value VARCHAR, change VARCHAR NOT NULL, row_count BIGINT NOT NULL, reason VARCHAR,
    actor VARCHAR NOT NULL, on_behalf_of VARCHAR, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.tombstone_events IS 'Every change of a tombstone, a row per key.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.tombstone_id IS 'Identifier of the call that set the tombstone.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.dataset IS 'Dataset, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.key_column IS 'Column that names the subject: one for each dataset.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.key_type IS 'Its type when the first tombstone of the dataset was set.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.key_hmac IS 'Keyed HMAC-SHA256 of the key''s text, of its own for each dataset.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.key_value IS 'The key as text; NULL once its rows are erased.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.change IS 'set, restored, erased or lifted.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.row_count IS 'Rows that were moved, moved back or erased.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.reason IS 'Why, in the words of whoever asked. Erasure leaves it: name no person in it.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.actor IS 'The principal that was logged in.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.on_behalf_of IS 'For whom the actor says that it acts; nothing checks it.';
COMMENT ON COLUMN lakehouse.catalog.tombstone_events.changed_at IS 'When.';

CREATE TABLE lakehouse.catalog.held_back_events (
    dataset VARCHAR NOT NULL, key_hmac VARCHAR NOT NULL, row_count BIGINT NOT NULL, actor VARCHAR NOT NULL,
    held_back_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.held_back_events IS 'Rows of suppressed keys that were not written, in one commit with those that were.';
COMMENT ON COLUMN lakehouse.catalog.held_back_events.dataset IS 'Dataset that they were for.';
COMMENT ON COLUMN lakehouse.catalog.held_back_events.key_hmac IS 'Keyed HMAC-SHA256 of their key.';
COMMENT ON COLUMN lakehouse.catalog.held_back_events.row_count IS 'How many.';
COMMENT ON COLUMN lakehouse.catalog.held_back_events.actor IS 'Who wrote.';
COMMENT ON COLUMN lakehouse.catalog.held_back_events.held_back_at IS 'When.';
