-- newest --
SELECT snapshot_id, schema_version FROM __ducklake_metadata_lakehouse.ducklake_snapshot
ORDER BY snapshot_id DESC LIMIT 1;

-- outdated --
-- Snapshots before `before` that are too old, or that too many newer ones follow. The oldest first.
SELECT snapshot_id, schema_version FROM __ducklake_metadata_lakehouse.ducklake_snapshot
WHERE snapshot_id < $before AND snapshot_time < now() - to_seconds($young_s) AND (
    snapshot_time < now() - to_seconds($kept_s)
    OR snapshot_id <= (
        SELECT snapshot_id FROM __ducklake_metadata_lakehouse.ducklake_snapshot
        ORDER BY snapshot_id DESC LIMIT 1 OFFSET $kept_max
    )
)
ORDER BY snapshot_id LIMIT $most;

-- expire --
CALL ducklake_expire_snapshots('lakehouse', versions => {versions});
