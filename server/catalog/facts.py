"""What the lake tells of its datasets by its snapshots, kept when these expire: when each was made and last changed, by
whom, and the names that gone tables and views had."""

from catalog_sql import named_queries
from server.engine.cursor import LakeCursor
from server.engine.engine import SERVER, Engine

SQL = named_queries("queries/dataset_facts.sql")
CHANGES, RENAMED = (SQL[name].removesuffix(";") for name in ("changes", "renamed"))


def keep_facts(engine: Engine, snapshot: int) -> None:
    """Call this before snapshots up to this one expire. Commits nothing if all is known. Raises LakehouseError."""
    values = {"snapshot": snapshot}

    def look(cursor: LakeCursor) -> tuple[bool, bool]:
        changes = cursor.rows(f"SELECT 1 FROM ({CHANGES}) LIMIT 1", values)
        return bool(changes), bool(cursor.rows(f"SELECT 1 FROM ({RENAMED}) LIMIT 1"))

    changed, renamed = engine.read(look)

    def keep(cursor: LakeCursor) -> None:
        if changed:
            cursor.execute(SQL["keep_changes"].format(changes=CHANGES), values)
        if renamed:
            cursor.execute(SQL["keep_names"].format(renamed=RENAMED))

    if changed or renamed:
        engine.commit(SERVER, "what expiring snapshots tell of datasets", keep)
