"""The query that describes a statement which gives rows."""

import pytest

from server.sql.returning import describing_query
from server.sql.statements import parse
from server.sql.tree import Parser

PARSER = Parser()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t VALUES (1) RETURNING *", 'SELECT *\nFROM "t"'),
        ("INSERT INTO s.t AS x (a) VALUES (1) RETURNING a, b + 1;", 'SELECT a, b + 1\nFROM "s"."t"'),
        ('UPDATE "a b" SET c = 1 RETURNING c -- end', 'SELECT c -- end\nFROM "a b"'),
        ("UPDATE t x SET c = 1 RETURNING x.c", 'SELECT x.c\nFROM "t" AS "x"'),
        ("UPDATE t AS \"x y\" SET c = (SELECT 'RETURNING') RETURNING 1", 'SELECT 1\nFROM "t" AS "x y"'),
        ("DELETE FROM t RETURNING (a)", 'SELECT (a)\nFROM "t"'),
        ("DELETE FROM t AS u USING v WHERE u.a = v.a RETURNING u.a;;", 'SELECT u.a\nFROM "t" AS "u"'),
        ("WITH w AS (FROM v) DELETE FROM t WHERE a IN (FROM w) RETURNING a", 'SELECT a\nFROM "t"'),
        ("PIVOT t ON a;", "SELECT * FROM (\nPIVOT t ON a\n) LIMIT 0"),
        ("SELECT * FROM (PIVOT t ON a) -- x", "SELECT * FROM (\nSELECT * FROM (PIVOT t ON a) -- x\n) LIMIT 0"),
        ("INSERT INTO t VALUES (1)", None),
        ("SELECT 1", None),
        ("EXPLAIN SELECT 1", None),
        ("DROP TABLE returning_of_the_king", None),
    ],
)
def test_a_statement_is_described_by_a_query(text: str, expected: str | None) -> None:
    assert describing_query(parse(PARSER, text)) == expected
