-- Columns of which profiles tell no values: those that hold personal data, or are confidential or restricted. One place
-- decides this, for what is kept and for what is shown.
CREATE OR REPLACE VIEW lakehouse.catalog.personal_columns AS
SELECT dataset, column_name FROM lakehouse.catalog.columns
WHERE pii_kind IS NOT NULL OR sensitivity IN ('confidential', 'restricted');
COMMENT ON VIEW lakehouse.catalog.personal_columns IS 'Columns of which profiles tell no values: personal, confidential or restricted ones.';
