"""The surface of all other datasets: copies that people made are theirs to erase, but the certificate names them."""

from catalog_sql import named_queries
from server.catalog.datasets import dataset_name
from server.certificates.finding import Finding, Verdict
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.erasing.traces import Traces
from server.erasure.keys import columns_of
from server.scanning.columns import scan_text_columns, scan_values
from server.sql.quoting import qualified

SQL = named_queries("queries/erasing.sql")
METHOD = (
    "every text in every other dataset was read for the erased keys, and columns of the key column's name were "
    "compared with them; not looked for are other values, and keys of less than 8 bytes in columns of other names"
)
NAMES_MAX = 20  # of datasets in the detail


class OtherDatasets:
    name = "other datasets"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, traces: Traces) -> int:
        """Nothing: each has an erasure of its own."""
        return 0

    def scan(self, traces: Traces) -> Finding:
        def look(cursor: LakeCursor) -> Finding:
            rows, found, told = 0, 0, list[str]()
            for schema, table in cursor.rows(SQL["user_tables"]):
                name = dataset_name(str(schema), str(table))
                if name.lower() == traces.dataset.lower():
                    continue
                read, hits = _look(cursor, qualified("lakehouse", str(schema), str(table)), traces)
                rows, found = rows + read, found + hits
                told += [name] if hits else []
            listed = ", ".join(told[:NAMES_MAX]) + (f" and {len(told) - NAMES_MAX} more" if told[NAMES_MAX:] else "")
            detail = f"keys are in {listed}" if told else ""
            return Finding(Verdict.FOUND if found else Verdict.CLEAN, METHOD, rows, "rows", found, detail)

        return self._engine.read(look)


def _look(cursor: LakeCursor, table: str, traces: Traces) -> tuple[int, int]:
    """Rows read, keys found: as they are now."""
    scanned = scan_text_columns(cursor, table, traces.key_needles)
    key = traces.key_column.name.lower()
    same = next((name for name, _ in columns_of(cursor, table) if name.lower() == key), None)
    held = scan_values(cursor, table, same, traces.keys) if same is not None else 0
    return scanned.rows, max(len(scanned.hits), held)
