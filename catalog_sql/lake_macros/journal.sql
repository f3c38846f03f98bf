-- The values are opened in the snapshot of the statement; the subquery finds the entity once, not for each row.
CREATE OR REPLACE MACRO memory.main.entity_history(dataset_name, entity_key) AS TABLE
SELECT sequence, occurred_at, change, field, opened.old_value, opened.new_value, opened.status, detail, actor, source,
    workspace, snapshot_id
FROM (
    SELECT *, system.main.__journal_open(
        system.main.getvariable('lakehouse_context'), entity_hmac, key_number, sealed, field, NULL) AS opened
    FROM lakehouse.catalog.journal_events
    WHERE entity_hmac = (SELECT system.main.__journal_entity(
            system.main.getvariable('lakehouse_context'), CAST(dataset_name AS VARCHAR), CAST(entity_key AS VARCHAR)))
        OR (entity_hmac IS NULL AND system.main.lower(dataset) = system.main.lower(CAST(dataset_name AS VARCHAR))
            AND change <> 'write')
) ORDER BY sequence;

CREATE OR REPLACE MACRO memory.main.cell_history(dataset_name, entity_key, column_name) AS TABLE
SELECT sequence, occurred_at, change, opened.old_value, opened.new_value, opened.status, actor, source, workspace, snapshot_id
FROM (
    SELECT *, system.main.__journal_open(
        system.main.getvariable('lakehouse_context'), entity_hmac, key_number, sealed, field,
        CAST(column_name AS VARCHAR)) AS opened
    FROM lakehouse.catalog.journal_events
    WHERE entity_hmac = (SELECT system.main.__journal_entity(
        system.main.getvariable('lakehouse_context'), CAST(dataset_name AS VARCHAR), CAST(entity_key AS VARCHAR)))
) WHERE opened IS NOT NULL ORDER BY sequence;
