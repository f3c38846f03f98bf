"""The scans work on the lake of a server that is locked down, and inside its transactions."""

from pathlib import Path

from server.scanning.columns import parquet_relation, scan_parquet, scan_text_columns, scan_values
from server.scanning.files import scan_folder
from server.scanning.needles import Needles
from tests.compaction.lake import opened

KEY, NOTE = "5000000000017", "A note of Ann, 7f3a"
PEOPLE = f"""CREATE TABLE people AS
SELECT 5000000000000 + i AS id, CASE WHEN i = 17 THEN '{NOTE}' ELSE 'A note of others' END AS note, [note] AS notes
FROM range(1000) t(i)"""


def test_tables_files_and_values_of_the_lake_are_looked_through(data: Path) -> None:
    needles = Needles.of([KEY, NOTE])
    with opened(data) as engine:
        cursor = engine.cursor("tests")
        cursor.execute(PEOPLE)
        (file,) = (data / "lake").rglob("*.parquet")
        cursor.execute("BEGIN")
        assert scan_text_columns(cursor, "lakehouse.main.people", needles) == (1000, {1}, ("note", "notes"))
        assert scan_parquet(cursor, [str(file)], needles) == (1000, {str(file): {1}})
        assert scan_values(cursor, "lakehouse.main.people", "id", [KEY, "17"]) == 1
        assert scan_values(cursor, parquet_relation([str(file)]), "id", [KEY, "17"]) == 1
        cursor.execute(f"DELETE FROM lakehouse.main.people WHERE id = {KEY}")
        assert scan_text_columns(cursor, "lakehouse.main.people", needles) == (999, set(), ())
        assert scan_values(cursor, "lakehouse.main.people", "id", [KEY]) == 0
        assert scan_parquet(cursor, [str(file)], needles).hits == {str(file): {1}}
        cursor.execute("COMMIT")
        cursor.close()
    assert scan_folder(data / "lake", needles).files >= 2
