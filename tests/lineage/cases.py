"""Queries with the lineage that each has: `column < source.column HOW`, `*` for all of the target.

Sources: p is lin_people, o is lin_orders, f is lin_far.lin_people.
"""

from dataclasses import dataclass

SOURCES = (
    """CREATE TABLE lin_people AS SELECT i AS id, 'name' || i AS name, 'city' || (i % 3) AS city,
    1000 + i * 37 % 100 AS salary,
    ['t' || i, 'u' || (i % 2)] AS tags, {'street': 'road' || i, 'zip': i * 11} AS home,
    DATE '2020-01-01' + i::INTEGER AS hired
    FROM range(8) t(i)""",
    """CREATE TABLE lin_orders AS SELECT i AS order_id, i % 5 AS person_id, i * 13 % 17 AS amount,
    'item' || (i % 4) AS "Item Name",
    DATE '2021-01-01' + i::INTEGER AS day FROM range(20) t(i)""",
    "CREATE SCHEMA lin_far",
    "CREATE TABLE lin_far.lin_people AS SELECT i AS id, 'far' || i AS name FROM range(8) t(i)",
)
NAMES = {"lin_people": "p", "lin_orders": "o", "lin_far.lin_people": "f"}
ALL_OF_P = "id name city salary tags home hired".split()


@dataclass(frozen=True)
class Case:
    name: str
    query: str
    expected: frozenset[str]


def _case(name: str, query: str, expected: str) -> Case:
    return Case(name, query, frozenset(line.strip() for line in expected.split(";") if line.strip()))


def _copied(*columns: str) -> str:
    return "; ".join(f"{column} < p.{column} IDENTITY" for column in columns)


CASES = [
    _case("star", "SELECT * FROM lin_people", _copied(*ALL_OF_P)),
    _case("from_first", "FROM lin_people", _copied(*ALL_OF_P)),
    _case(
        "exclude_replace",
        "SELECT * EXCLUDE (tags, home, hired) REPLACE (upper(name) AS name) FROM lin_people",
        _copied("id", "city", "salary") + "; name < p.name TRANSFORMATION",
    ),
    _case(
        "rename",
        "SELECT * EXCLUDE (tags, home, hired, city, salary) RENAME (name AS called) FROM lin_people",
        "id < p.id IDENTITY; called < p.name IDENTITY",
    ),
    _case("columns_pattern", "SELECT COLUMNS('^(id|na)') FROM lin_people", _copied("id", "name")),
    _case(
        "columns_lambda",
        "SELECT max(COLUMNS(c -> c LIKE '%d')) FROM lin_people",
        "id < p.id AGGREGATION; hired < p.hired AGGREGATION",
    ),
    _case("columns_list", "SELECT COLUMNS(['id', 'city']) FROM lin_people", _copied("id", "city")),
    _case(
        "columns_star_exclude",
        "SELECT COLUMNS(* EXCLUDE (tags, home, hired, id)) FROM lin_people",
        _copied("name", "city", "salary"),
    ),
    _case(
        "expression",
        "SELECT salary * 2 + id AS pay, name || ' of ' || city AS label FROM lin_people WHERE hired > DATE "
        "'2020-01-03'",
        "pay < p.salary TRANSFORMATION; pay < p.id TRANSFORMATION; label < p.name TRANSFORMATION;"
        "label < p.city TRANSFORMATION; * < p.hired FILTER",
    ),
    _case(
        "join_on",
        "SELECT p.name, o.amount FROM lin_people p JOIN lin_orders o ON p.id = o.person_id",
        "name < p.name IDENTITY; amount < o.amount IDENTITY; * < p.id JOIN; * < o.person_id JOIN",
    ),
    _case(
        "join_using",
        "SELECT * FROM (SELECT id, name FROM lin_people) JOIN (SELECT person_id AS id, amount FROM "
        "lin_orders) USING (id)",
        "id < p.id IDENTITY; name < p.name IDENTITY; amount < o.amount IDENTITY; * < p.id JOIN; * < o.person_id JOIN",
    ),
    _case(
        "full_join_using",
        "SELECT id FROM (SELECT id FROM lin_people) FULL JOIN (SELECT person_id AS id FROM lin_orders) USING (id)",
        "id < p.id TRANSFORMATION; id < o.person_id TRANSFORMATION; * < p.id JOIN; * < o.person_id JOIN",
    ),
    _case(
        "right_join_using",
        "SELECT id FROM (SELECT id FROM lin_people) RIGHT JOIN (SELECT person_id AS id FROM lin_orders) USING (id)",
        "id < o.person_id IDENTITY; * < p.id JOIN; * < o.person_id JOIN",
    ),
    _case(
        "natural_join",
        "SELECT * FROM (SELECT id, city FROM lin_people) NATURAL JOIN lin_far.lin_people",
        "id < p.id IDENTITY; city < p.city IDENTITY; name < f.name IDENTITY; * < p.id JOIN; * < f.id JOIN",
    ),
    _case(
        "semi_join",
        "SELECT name FROM lin_people SEMI JOIN lin_orders ON id = person_id",
        "name < p.name IDENTITY; * < p.id JOIN; * < o.person_id JOIN",
    ),
    _case(
        "anti_join",
        "SELECT name FROM lin_people p ANTI JOIN lin_orders o ON p.id = o.person_id AND o.amount > 3",
        "name < p.name IDENTITY; * < p.id JOIN; * < o.person_id JOIN; * < o.amount JOIN",
    ),
    _case(
        "asof_join",
        "SELECT p.name, o.amount FROM lin_people p ASOF JOIN lin_orders o ON p.hired >= o.day",
        "name < p.name IDENTITY; amount < o.amount IDENTITY; * < p.hired JOIN; * < o.day JOIN",
    ),
    _case(
        "comma_join",
        "SELECT a.name, b.amount FROM lin_people a, lin_orders b WHERE a.id = b.person_id",
        "name < p.name IDENTITY; amount < o.amount IDENTITY; * < p.id FILTER; * < o.person_id FILTER",
    ),
    _case(
        "self_join",
        "SELECT a.name AS one, b.city AS other FROM lin_people a JOIN lin_people b ON a.id = b.salary",
        "one < p.name IDENTITY; other < p.city IDENTITY; * < p.id JOIN; * < p.salary JOIN",
    ),
    _case(
        "parenthesised_join",
        "SELECT p.name, o.amount FROM (lin_people p JOIN lin_orders o ON p.id = o.person_id)",
        "name < p.name IDENTITY; amount < o.amount IDENTITY; * < p.id JOIN; * < o.person_id JOIN",
    ),
    _case(
        "aggregate",
        "SELECT city, count(*) AS n, sum(salary) AS total, max(name) FILTER (WHERE id > 2) AS late FROM lin_people"
        " GROUP BY city HAVING min(id) < 5 ORDER BY total",
        "city < p.city IDENTITY; total < p.salary AGGREGATION; late < p.name AGGREGATION; late < p.id CONDITIONAL;"
        "* < p.city GROUP_BY; * < p.id FILTER; * < p.salary SORT",
    ),
    _case(
        "group_by_all",
        "SELECT city, year(hired) AS y, avg(salary) AS pay FROM lin_people GROUP BY ALL",
        "city < p.city IDENTITY; y < p.hired TRANSFORMATION; pay < p.salary AGGREGATION; * < p.city "
        "GROUP_BY; * < p.hired GROUP_BY",
    ),
    _case(
        "group_by_position",
        "SELECT city, list(name ORDER BY salary) AS names FROM lin_people GROUP BY 1",
        "city < p.city IDENTITY; names < p.name AGGREGATION; names < p.salary SORT; * < p.city GROUP_BY",
    ),
    _case(
        "rollup",
        "SELECT city, id % 2 AS odd, sum(salary) AS s FROM lin_people GROUP BY ROLLUP (city, odd)",
        "city < p.city IDENTITY; odd < p.id TRANSFORMATION; s < p.salary AGGREGATION; * < p.city GROUP_BY; "
        "* < p.id GROUP_BY",
    ),
    _case(
        "distinct_on",
        "SELECT DISTINCT ON (city) city, name FROM lin_people ORDER BY salary",
        "city < p.city IDENTITY; name < p.name IDENTITY; * < p.city FILTER; * < p.salary SORT",
    ),
    _case(
        "window",
        "SELECT name, sum(salary) OVER (PARTITION BY city ORDER BY hired) AS running, row_number() OVER "
        "(ORDER BY id) AS n,"
        " lag(salary) OVER w AS before FROM lin_people WINDOW w AS (PARTITION BY home ORDER BY id)",
        "name < p.name IDENTITY; running < p.salary AGGREGATION; running < p.city WINDOW; running < p.hired WINDOW;"
        "n < p.id WINDOW; before < p.salary TRANSFORMATION; before < p.home WINDOW; before < p.id WINDOW",
    ),
    _case(
        "qualify",
        "SELECT name FROM lin_people QUALIFY row_number() OVER (PARTITION BY city ORDER BY salary) = 1",
        "name < p.name IDENTITY; * < p.city WINDOW; * < p.salary WINDOW",
    ),
    _case(
        "case",
        "SELECT CASE WHEN salary > 1040 THEN name ELSE city END AS c, CASE id WHEN 1 THEN 'a' END AS d, "
        "if(id > 1, name, '') AS e"
        " FROM lin_people",
        "c < p.salary CONDITIONAL; c < p.name TRANSFORMATION; c < p.city TRANSFORMATION; d < p.id CONDITIONAL;"
        "e < p.id CONDITIONAL; e < p.name TRANSFORMATION",
    ),
    _case(
        "cte",
        "WITH rich(who, pay) AS (SELECT name, salary FROM lin_people WHERE salary > 1020),"
        " more AS (SELECT who, pay * 2 AS pay FROM rich) SELECT who AS w, pay FROM more",
        "w < p.name IDENTITY; pay < p.salary TRANSFORMATION; * < p.salary FILTER",
    ),
    _case(
        "cte_shadows_table",
        "WITH lin_people AS (SELECT person_id AS id FROM lin_orders) SELECT id FROM lin_people",
        "id < o.person_id IDENTITY",
    ),
    _case(
        "recursive_cte",
        "WITH RECURSIVE r(n, label) AS (SELECT id, name FROM lin_people WHERE id = 0 UNION ALL"
        ' SELECT n + 1, label || o."Item Name" FROM r JOIN lin_orders o ON o.order_id = r.n WHERE n < 4)'
        " SELECT * FROM r",
        "n < p.id IDENTITY; n < p.id TRANSFORMATION; label < p.name IDENTITY; label < p.name TRANSFORMATION;"
        "label < o.Item Name TRANSFORMATION; * < p.id FILTER; * < p.id JOIN; * < o.order_id JOIN",
    ),
    _case(
        "scalar_subquery",
        "SELECT name, (SELECT sum(amount) FROM lin_orders WHERE person_id = p.id) AS spent FROM lin_people p",
        "name < p.name IDENTITY; spent < o.amount AGGREGATION; spent < o.person_id FILTER; spent < p.id FILTER",
    ),
    _case(
        "exists",
        "SELECT name FROM lin_people p WHERE EXISTS (SELECT 1 FROM lin_orders o WHERE o.person_id = p.id)",
        "name < p.name IDENTITY; * < o.person_id FILTER; * < p.id FILTER",
    ),
    _case(
        "in_subquery",
        "SELECT name FROM lin_people WHERE id IN (SELECT person_id FROM lin_orders WHERE amount > 3)",
        "name < p.name IDENTITY; * < p.id FILTER; * < o.person_id FILTER; * < o.amount FILTER",
    ),
    _case(
        "derived_table",
        "SELECT s.a, s.b FROM (SELECT id AS a, name AS b FROM lin_people) AS s(b, a)",
        "a < p.name IDENTITY; b < p.id IDENTITY",
    ),
    _case(
        "lateral_join",
        "SELECT p.name, l.most FROM lin_people p, LATERAL (SELECT max(amount) AS most FROM lin_orders o "
        "WHERE o.person_id = p.id) l",
        "name < p.name IDENTITY; most < o.amount AGGREGATION; * < o.person_id FILTER; * < p.id FILTER",
    ),
    _case(
        "lateral_alias",
        "SELECT salary * 2 AS twice, twice + 1 AS more, id AS salary_id FROM lin_people WHERE twice > 10",
        "twice < p.salary TRANSFORMATION; more < p.salary TRANSFORMATION; salary_id < p.id IDENTITY; * < "
        "p.salary FILTER",
    ),
    _case(
        "alias_that_shadows",
        "SELECT name AS city, city AS name, upper(city) AS loud FROM lin_people ORDER BY city",
        "city < p.name IDENTITY; name < p.city IDENTITY; loud < p.city TRANSFORMATION; * < p.name SORT",
    ),
    _case(
        "unnest_in_select",
        "SELECT id, unnest(tags) AS tag FROM lin_people",
        "id < p.id IDENTITY; tag < p.tags TRANSFORMATION; * < p.tags FILTER",
    ),
    _case(
        "unnest_in_from",
        "SELECT p.id, u.tag FROM lin_people p, unnest(p.tags) AS u(tag)",
        "id < p.id IDENTITY; tag < p.tags TRANSFORMATION; * < p.tags FILTER",
    ),
    _case(
        "unnest_struct",
        "SELECT id, unnest(home) FROM lin_people",
        "id < p.id IDENTITY; street < p.home TRANSFORMATION; zip < p.home TRANSFORMATION; * < p.home FILTER",
    ),
    _case(
        "struct_field",
        "SELECT home.zip AS zip, p.home.street AS street, home['zip'] + 1 AS next, struct_pack(a := name, b := id) AS s"
        " FROM lin_people p",
        "zip < p.home IDENTITY; street < p.home IDENTITY; next < p.home TRANSFORMATION; s < p.name TRANSFORMATION;"
        "s < p.id TRANSFORMATION",
    ),
    _case(
        "row_as_struct",
        "SELECT o AS whole FROM lin_orders o",
        "whole < o.order_id IDENTITY; whole < o.person_id IDENTITY; whole < o.amount IDENTITY; whole < "
        "o.Item Name IDENTITY;"
        "whole < o.day IDENTITY",
    ),
    _case(
        "list_lambda",
        "SELECT list_transform(tags, x -> x || name) AS t, [y || city FOR y IN tags IF y <> ''] AS u FROM lin_people",
        "t < p.tags TRANSFORMATION; t < p.name TRANSFORMATION; u < p.tags TRANSFORMATION; u < p.tags "
        "CONDITIONAL; u < p.city TRANSFORMATION",
    ),
    _case(
        "quoted_and_cased",
        'SELECT "item name" AS "The Item", O."Item Name" AS again, ORDER_ID FROM Lin_Orders O',
        "The Item < o.Item Name IDENTITY; again < o.Item Name IDENTITY; order_id < o.order_id IDENTITY",
    ),
    _case(
        "schemas",
        "SELECT lin_people.name AS near, far.name AS far FROM lin_people JOIN lin_far.lin_people AS far USING (id)",
        "near < p.name IDENTITY; far < f.name IDENTITY; * < p.id JOIN; * < f.id JOIN",
    ),
    _case(
        "qualified_columns",
        "SELECT lin_far.lin_people.name AS far, main.lin_people.name AS near FROM main.lin_people, lin_far.lin_people",
        "near < p.name IDENTITY; far < f.name IDENTITY",
    ),
    _case(
        "union",
        'SELECT id, name FROM lin_people UNION ALL SELECT order_id, "Item Name" FROM lin_orders ORDER BY 2',
        "id < p.id IDENTITY; id < o.order_id IDENTITY; name < p.name IDENTITY; name < o.Item Name IDENTITY;"
        "* < p.name SORT; * < o.Item Name SORT",
    ),
    _case(
        "union_by_name",
        "SELECT id, name FROM lin_people UNION ALL BY NAME"
        ' SELECT person_id AS id, amount, "Item Name" AS name FROM lin_orders',
        "id < p.id IDENTITY; id < o.person_id IDENTITY; name < p.name IDENTITY; name < o.Item Name "
        "IDENTITY; amount < o.amount IDENTITY",
    ),
    _case(
        "except",
        "SELECT id FROM lin_people EXCEPT SELECT person_id FROM lin_orders",
        "id < p.id IDENTITY; * < o.person_id FILTER",
    ),
    _case(
        "values",
        "SELECT v.a, v.b, p.name FROM (VALUES (1, 'x'), (2, 'y')) AS v(a, b) JOIN lin_people p ON p.id = v.a",
        "name < p.name IDENTITY; * < p.id JOIN",
    ),
    _case(
        "values_with_subquery",
        "SELECT * FROM (VALUES ((SELECT max(amount) FROM lin_orders))) v(top)",
        "top < o.amount AGGREGATION",
    ),
    _case(
        "pivot",
        "PIVOT (SELECT city, id % 2 AS odd, salary FROM lin_people) ON odd USING sum(salary) GROUP BY city",
        "city < p.city IDENTITY; 0 < p.salary AGGREGATION; 0 < p.id CONDITIONAL; 1 < p.salary AGGREGATION; "
        "1 < p.id CONDITIONAL;"
        "* < p.city GROUP_BY; * < p.id GROUP_BY",
    ),
    _case(
        "standard_pivot",
        "SELECT * FROM (SELECT city, id % 2 AS odd, salary FROM lin_people) PIVOT (sum(salary) FOR odd IN "
        "(0, 1) GROUP BY city)",
        "city < p.city IDENTITY; 0 < p.salary AGGREGATION; 0 < p.id CONDITIONAL; 1 < p.salary AGGREGATION; "
        "1 < p.id CONDITIONAL;"
        "* < p.city GROUP_BY; * < p.id GROUP_BY",
    ),
    _case(
        "unpivot",
        "UNPIVOT (SELECT id, name, city FROM lin_people) ON name, city INTO NAME what VALUE said",
        "id < p.id IDENTITY; said < p.name TRANSFORMATION; said < p.city TRANSFORMATION; * < p.name FILTER; "
        "* < p.city FILTER",
    ),
    _case("count_only", "SELECT count(*) AS n FROM lin_people", "* < p.* NONE"),
    _case("nothing", "SELECT 1 AS one", ""),
    _case(
        "cross_join_counted",
        "SELECT p.name FROM lin_people p CROSS JOIN lin_orders",
        "name < p.name IDENTITY; * < o.* NONE",
    ),
    _case(
        "positional_join",
        "SELECT p.name, f.name AS far FROM lin_people p POSITIONAL JOIN lin_far.lin_people f",
        "name < p.name IDENTITY; far < f.name IDENTITY",
    ),
    _case(
        "cast_and_coalesce",
        "SELECT id::VARCHAR AS t, coalesce(name, city) AS c, try_cast(city AS INTEGER) AS i FROM lin_people",
        "t < p.id TRANSFORMATION; c < p.name TRANSFORMATION; c < p.city TRANSFORMATION; i < p.city TRANSFORMATION",
    ),
]
VIEWED = [case for case in CASES if case.name != "pivot"]  # a PIVOT without a list of values can't be a view
