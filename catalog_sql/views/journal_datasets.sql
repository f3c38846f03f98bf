-- Which datasets the journal was told about; what is not here, or not enabled, follows the setting journal_default.
CREATE OR REPLACE VIEW lakehouse.catalog.journal_datasets AS
SELECT * FROM lakehouse.catalog.journal_dataset_events
QUALIFY row_number() OVER (PARTITION BY lower(dataset) ORDER BY from_snapshot DESC, changed_at DESC) = 1;
COMMENT ON VIEW lakehouse.catalog.journal_datasets IS 'Datasets that the journal was told about; of others the setting journal_default decides.';
