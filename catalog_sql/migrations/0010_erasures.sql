-- Certificates of erasures: what was looked through and with which verdict, signed, each linked to the one before.

CREATE TABLE lakehouse.catalog.erasure_events (
    certificate_number BIGINT NOT NULL, erasure_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL, surface VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL, method VARCHAR NOT NULL, examined BIGINT NOT NULL, examined_unit VARCHAR NOT NULL,
    erased_count BIGINT NOT NULL, found_count BIGINT NOT NULL, detail VARCHAR NOT NULL, scanned_at TIMESTAMPTZ NOT NULL,
    key_column VARCHAR NOT NULL, key_type VARCHAR NOT NULL, key_count BIGINT NOT NULL, key_hmacs_sha256 VARCHAR NOT NULL,
    row_count BIGINT NOT NULL, actor VARCHAR NOT NULL, on_behalf_of VARCHAR, reason VARCHAR, job_id VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ NOT NULL, format_version INTEGER NOT NULL,
    product_version VARCHAR NOT NULL, previous_link VARCHAR NOT NULL, link VARCHAR NOT NULL, public_key VARCHAR NOT NULL,
    signature VARCHAR NOT NULL);
COMMENT ON TABLE lakehouse.catalog.erasure_events IS 'Every erasure, a row per surface. What is the same in all rows of an erasure is its certificate''s; together they are what was signed.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.certificate_number IS 'Place of the certificate among all: rises by one, from 1.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.erasure_id IS 'Identifier of the erasure.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.dataset IS 'Dataset, schema-qualified outside main.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.surface IS 'Place where values of the dataset may lie.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.verdict IS 'clean: looked through, nothing found; found: something is left; unproven: it could not be looked through.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.method IS 'How it was looked through.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.examined IS 'How much of it was looked through.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.examined_unit IS 'What examined counts, such as bytes, rows or files.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.erased_count IS 'Places in it that held traces, and were erased.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.found_count IS 'Traces that are left.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.detail IS 'Where they are, or why it could not be looked through; never a value.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.scanned_at IS 'When it had been looked through.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.key_column IS 'Column that names the subjects.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.key_type IS 'Its type.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.key_count IS 'Keys that were erased; erasure_keys lists their HMACs.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.key_hmacs_sha256 IS 'SHA-256 over their HMACs, sorted, each with a newline after it; hexadecimal.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.row_count IS 'Rows of the dataset that were erased.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.actor IS 'The principal that was logged in.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.on_behalf_of IS 'For whom the actor says that it acts; nothing checks it.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.reason IS 'Why, in the words of whoever asked: name no person in it.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.job_id IS 'Job that did it.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.started_at IS 'When the erasure began.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.finished_at IS 'When its last surface had been looked through.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.format_version IS 'Version of the certificate''s format.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.product_version IS 'Version of the server that erased.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.previous_link IS 'Link of the certificate before; zeros for the first.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.link IS 'SHA-256 over the certificate, the link before it included; hexadecimal.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.public_key IS 'Ed25519 key of the server that signed, hexadecimal.';
COMMENT ON COLUMN lakehouse.catalog.erasure_events.signature IS 'Its signature over the certificate, hexadecimal.';

CREATE TABLE lakehouse.catalog.erasure_keys (erasure_id VARCHAR NOT NULL, key_hmac VARCHAR NOT NULL);
COMMENT ON TABLE lakehouse.catalog.erasure_keys IS 'Whom each erasure erased, by the HMACs that catalog.tombstones has too.';
COMMENT ON COLUMN lakehouse.catalog.erasure_keys.erasure_id IS 'Identifier of the erasure.';
COMMENT ON COLUMN lakehouse.catalog.erasure_keys.key_hmac IS 'Keyed HMAC-SHA256 of the key''s text, of its own for each dataset.';

CREATE TABLE lakehouse.catalog.erasure_heads (certificate_number BIGINT NOT NULL, link VARCHAR NOT NULL);
COMMENT ON TABLE lakehouse.catalog.erasure_heads IS 'One row: the newest certificate. Replaced with each, so that two at once conflict.';
COMMENT ON COLUMN lakehouse.catalog.erasure_heads.certificate_number IS 'Its number; 0 before the first.';
COMMENT ON COLUMN lakehouse.catalog.erasure_heads.link IS 'Its link; zeros before the first.';
INSERT INTO lakehouse.catalog.erasure_heads VALUES (0, repeat('0', 64));
