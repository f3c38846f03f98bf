-- Migrations that a chat model proposes, and what it is told of the new data.

ALTER TABLE lakehouse.catalog.migration_proposal_events ADD COLUMN model VARCHAR;
ALTER TABLE lakehouse.catalog.migration_proposal_events ADD COLUMN based_on VARCHAR;
ALTER TABLE lakehouse.catalog.migration_proposal_events ADD COLUMN arriving_statistics VARCHAR;
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.model IS 'Chat model that proposed it; NULL if rules did.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.based_on IS 'Proposal that the model was asked about; NULL if rules proposed it.';
COMMENT ON COLUMN lakehouse.catalog.migration_proposal_events.arriving_statistics IS 'JSON object of counts of the new data''s columns that differ: rows, NULLs, about how many different values.';
