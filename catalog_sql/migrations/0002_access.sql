-- Certificates that log in, and keys for programs.

ALTER TABLE lakehouse.catalog.principal_events ADD COLUMN certificate_subject VARCHAR;
COMMENT ON COLUMN lakehouse.catalog.principal_events.certificate_subject IS 'Name in the client certificate that logs in as this principal; NULL for none.';

CREATE TABLE lakehouse.catalog.api_key_events (
    key_id VARCHAR NOT NULL, principal VARCHAR NOT NULL, name VARCHAR NOT NULL, key_hash VARCHAR NOT NULL,
    expires_at TIMESTAMPTZ, revoked BOOLEAN NOT NULL, actor VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE lakehouse.catalog.api_key_events IS 'Every key made and revoked; closed to statements, since it holds hashes of keys. catalog.keys shows the rest.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.key_id IS 'Identifier of the key; the part of it that is no secret.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.principal IS 'Principal that it logs in as.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.name IS 'What people call it.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.key_hash IS 'SHA-256 of the whole key, which holds 256 random bits.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.expires_at IS 'When it stops to log in; NULL for never.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.revoked IS 'True on the row that revokes it.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.actor IS 'Who made the change.';
COMMENT ON COLUMN lakehouse.catalog.api_key_events.changed_at IS 'When.';
