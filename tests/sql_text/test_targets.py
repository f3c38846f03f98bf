"""What a statement writes and reads, by its tokens."""

import pytest

from server.sql.sources import source_positions
from server.sql.targets import targets
from server.sql.tokens import tokenize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO a.b (x) SELECT * FROM c", [("INTO", ("a", "b"))]),
        ('UPDATE "A"."B" SET x = 1', [("UPDATE", ("A", "B"))]),
        ("DELETE FROM a /* . b */ . b", [("FROM", ("a", "b"))]),
        ("TRUNCATE TABLE a", [("TRUNCATE", ("a",)), ("TABLE", ("a",))]),
        ("DROP TABLE IF EXISTS a.b.c", [("TABLE", ("a", "b", "c"))]),
        ("CREATE OR REPLACE VIEW v AS FROM t", [("VIEW", ("v",))]),
        ("DROP MACRO TABLE m", [("MACRO", ("m",)), ("TABLE", ("m",))]),
        ("COMMENT ON COLUMN s.t.c IS 'x'", [("COLUMN", ("s", "t", "c"))]),
        ("INSERT INTO 't' VALUES (1)", [("INTO", ("t",))]),
        ("SELECT * FROM t", []),
    ],
)
def test_the_targets_of_a_statement(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(target.word, target.names) for target in targets(tokenize(text))] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a FROM t", ["t"]),
        ("SELECT a FROM t, 'f' WHERE b IN (1, 'x')", ["t", "f"]),
        ("SELECT a FROM t JOIN 'f' ON x = 'y', u", ["t", "f", "u"]),
        ("SELECT a FROM (t CROSS JOIN 'f')", ["t", "f"]),
        ("SELECT a FROM (VALUES ('x', 'y')) v, w", ["w"]),
        ("SELECT a FROM f('x', 'y'), g", ["f", "g"]),
        ("SELECT a FROM (SELECT 'x', 'y' FROM t), u", ["t", "u"]),
        ("DELETE FROM t USING 'f' WHERE a = 'x'", ["t", "f"]),
        ("UPDATE t SET a = 'x', b = 'y' FROM 'f'", ["t", "f"]),
        ("UPDATE t SET a = 1 WHERE a IS NOT DISTINCT FROM 'x'", ["t"]),
        ("PIVOT 'f' ON a", ["f"]),
        ("CREATE TABLE t AS TABLE 'f'", ["t", "f"]),
        ("SELECT a FROM t ORDER BY 'x', 'y'", ["t"]),
        ("SELECT a FROM t set, 'f'", ["t", "f"]),
        ("SELECT a FROM t AS values, 'f'", ["t", "f"]),
        ("SELECT a FROM VALUES (1) v, 'f'", ["f"]),
        ("SELECT a FROM (VALUES ('x'), ('y')) v, 'f'", ["f"]),
        ("MERGE INTO t USING s ON a WHEN MATCHED THEN UPDATE SET b = 'x', c = 'y'", ["t", "s"]),
    ],
)
def test_the_tables_that_a_statement_names(text: str, expected: list[str]) -> None:
    tokens = tokenize(text)
    assert [tokens[position].text for position in source_positions(tokens)] == expected
