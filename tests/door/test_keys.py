"""Declared keys: what is declared shows in the catalog and in the key commands, follows renames and is gone with its
columns; verifying counts what breaks a key; nothing is enforced."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from adbc_driver_manager import dbapi

from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, refusal
from tests.harness import Server, query

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with server.connect() as opened:
        yield opened


@pytest.fixture
def schema(connection: dbapi.Connection) -> str:
    """A schema of the test's own, with orders (id, place) and their items."""
    name = f"keyed_{next(NUMBERS)}"
    query(connection, f"CREATE SCHEMA {name}")
    query(connection, f"CREATE TABLE {name}.orders (id INTEGER, place VARCHAR, remark VARCHAR)")
    query(connection, f"CREATE TABLE {name}.items (n INTEGER, order_id BIGINT, order_place VARCHAR, replaces INTEGER)")
    query(connection, f"INSERT INTO {name}.orders VALUES (1, 'a', NULL), (1, 'b', 'x'), (2, 'a', 'x')")
    query(connection, f"INSERT INTO {name}.items VALUES (1, 1, 'a', NULL), (2, 1, 'b', 1), (3, NULL, 'c', NULL)")
    return name


def call(connection: dbapi.Connection, operation: str, **arguments: Any) -> list[dict[str, Any]]:
    def written(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(written, value))}]"
        return str(value).lower() if isinstance(value, bool) else "'" + str(value).replace("'", "''") + "'"

    given = ", ".join(f'"{name}" := {written(value)}' for name, value in arguments.items())
    return query(connection, f"CALL {operation}({given})").to_pylist()


def declared(connection: dbapi.Connection, schema: str) -> None:
    """The primary key of orders, and the foreign key of items that refers to it."""
    call(connection, "declare_primary_key", dataset=f"{schema}.orders", columns=["id", "place"])
    call(
        connection,
        "declare_foreign_key",
        dataset=f"{schema}.items",
        columns=["order_id", "order_place"],
        references_dataset=f"{schema}.orders",
    )


def answer(bare: Bare, command: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = bare.get(bare.info(command).endpoints[0].ticket).to_pylist()
    return rows


def primary(bare: Bare, schema: str, table: str = "orders") -> list[tuple[str, str, int]]:
    rows = answer(bare, sql.CommandGetPrimaryKeys(db_schema=schema, table=table))
    return [(row["key_name"], row["column_name"], row["key_sequence"]) for row in rows]


def imported(bare: Bare, schema: str, table: str = "items") -> list[tuple[Any, ...]]:
    rows = answer(bare, sql.CommandGetImportedKeys(db_schema=schema, table=table))
    return [(r["fk_key_name"], r["fk_column_name"], r["pk_table_name"], r["pk_column_name"]) for r in rows]


def test_a_primary_key_is_told_in_the_order_of_its_columns(
    connection: dbapi.Connection, bare: Bare, schema: str
) -> None:
    told = call(connection, "declare_primary_key", dataset=f"{schema}.orders", columns=["PLACE", "id"], verify=True)
    assert told == [
        {"dataset": f"{schema}.orders", "key_name": "orders_pkey", "column_names": ["place", "id"], "verified": True}
    ]
    assert primary(bare, schema) == [("orders_pkey", "place", 1), ("orders_pkey", "id", 2)]
    assert primary(bare, schema.upper(), "ORDERS") == primary(bare, schema)
    [row] = query(connection, f"FROM catalog.primary_keys WHERE dataset = '{schema}.orders'").to_pylist()
    assert (row["column_names"], row["verified"], row["declared_by"]) == (["place", "id"], True, "admin")


def test_a_later_declaration_takes_the_place_of_the_earlier_one(
    connection: dbapi.Connection, bare: Bare, schema: str
) -> None:
    call(connection, "declare_primary_key", dataset=f"{schema}.orders", columns=["id"])
    call(connection, "declare_primary_key", dataset=f"{schema}.orders", columns=["id", "place"], name="both")
    assert primary(bare, schema) == [("both", "id", 1), ("both", "place", 2)]


def test_a_foreign_key_is_told_from_both_sides(connection: dbapi.Connection, bare: Bare, schema: str) -> None:
    declared(connection, schema)
    expected = [
        {
            "pk_catalog_name": "lakehouse",
            "pk_db_schema_name": schema,
            "pk_table_name": "orders",
            "pk_column_name": there,
            "fk_catalog_name": "lakehouse",
            "fk_db_schema_name": schema,
            "fk_table_name": "items",
            "fk_column_name": here,
            "key_sequence": place,
            "fk_key_name": "items_order_id_order_place_fkey",
            "pk_key_name": "orders_pkey",
            "update_rule": sql_rule(),
            "delete_rule": sql_rule(),
        }
        for place, (there, here) in enumerate([("id", "order_id"), ("place", "order_place")], 1)
    ]
    assert answer(bare, sql.CommandGetImportedKeys(db_schema=schema, table="items")) == expected
    assert answer(bare, sql.CommandGetExportedKeys(db_schema=schema, table="orders")) == expected
    both = sql.CommandGetCrossReference(
        pk_db_schema=schema, pk_table="orders", fk_catalog="lakehouse", fk_db_schema=schema, fk_table="items"
    )
    assert answer(bare, both) == expected
    assert answer(bare, sql.CommandGetImportedKeys(db_schema=schema, table="orders")) == []
    assert answer(bare, sql.CommandGetExportedKeys(catalog="elsewhere", table="orders")) == []


def sql_rule() -> int:
    """NO ACTION, as published."""
    return 3


def test_a_table_may_refer_to_itself_and_to_columns_that_are_no_key(
    connection: dbapi.Connection, bare: Bare, schema: str
) -> None:
    items = f"{schema}.items"
    arguments = {"dataset": items, "columns": ["replaces"], "references_dataset": items}
    call(connection, "declare_foreign_key", **arguments, references_columns=["n"], name="self", verify=True)
    [row] = answer(bare, sql.CommandGetImportedKeys(db_schema=schema, table="items"))
    assert (row["pk_table_name"], row["pk_column_name"], row["pk_key_name"]) == ("items", "n", None)


def test_keys_follow_a_rename_of_table_and_column(connection: dbapi.Connection, bare: Bare, schema: str) -> None:
    declared(connection, schema)
    query(connection, f"ALTER TABLE {schema}.orders RENAME COLUMN place TO city")
    query(connection, f"ALTER TABLE {schema}.orders RENAME TO purchases")
    assert [column for _, column, _ in primary(bare, schema, "purchases")] == ["id", "city"]
    assert primary(bare, schema, "orders") == []
    name = "items_order_id_order_place_fkey"
    assert imported(bare, schema) == [
        (name, "order_id", "purchases", "id"),
        (name, "order_place", "purchases", "city"),
    ]


def test_keys_are_gone_with_their_column_and_with_their_table(
    connection: dbapi.Connection, bare: Bare, schema: str
) -> None:
    declared(connection, schema)
    query(connection, f"ALTER TABLE {schema}.orders DROP COLUMN place")
    assert (primary(bare, schema), imported(bare, schema)) == ([], [])
    query(connection, f"ALTER TABLE {schema}.orders ADD COLUMN place VARCHAR")
    assert (primary(bare, schema), imported(bare, schema)) == ([], [])
    declared(connection, schema)
    query(connection, f"CREATE OR REPLACE TABLE {schema}.orders (id INTEGER, place VARCHAR)")
    assert (primary(bare, schema), imported(bare, schema)) == ([], [])


def test_a_dropped_key_is_told_no_more_and_can_be_declared_again(
    connection: dbapi.Connection, bare: Bare, schema: str
) -> None:
    declared(connection, schema)
    call(connection, "drop_foreign_key", dataset=f"{schema}.items", name="ITEMS_order_id_order_place_fkey")
    call(connection, "drop_primary_key", dataset=f"{schema}.orders")
    assert (primary(bare, schema), imported(bare, schema)) == ([], [])
    assert refusal(lambda: call(connection, "drop_primary_key", dataset=f"{schema}.orders")).code == "not_found"
    gone = {"dataset": f"{schema}.items", "name": "items_order_id_order_place_fkey"}
    assert refusal(lambda: call(connection, "drop_foreign_key", **gone)).code == "not_found"
    declared(connection, schema)
    assert len(primary(bare, schema)) == len(imported(bare, schema)) == 2


def test_nothing_is_enforced(connection: dbapi.Connection, schema: str) -> None:
    declared(connection, schema)
    query(connection, f"INSERT INTO {schema}.orders VALUES (1, 'a', NULL), (NULL, NULL, NULL)")
    query(connection, f"INSERT INTO {schema}.items VALUES (9, 99, 'nowhere', NULL)")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (["id"], "0 rows have NULL in it, 1 rows repeat"),
        (["remark"], "1 rows have NULL in it, 1 rows repeat"),
        (["id", "remark"], "1 rows have NULL in it, 0 rows repeat"),
    ],
)
def test_verifying_a_primary_key_counts_what_breaks_it_and_declares_nothing(
    connection: dbapi.Connection, bare: Bare, schema: str, columns: list[str], told: str
) -> None:
    wrong = {"dataset": f"{schema}.orders", "columns": columns, "verify": True}
    error = refusal(lambda: call(connection, "declare_primary_key", **wrong))
    assert error.code == "invalid_argument"
    assert told in error.message
    assert primary(bare, schema) == []


def test_verifying_a_foreign_key_counts_the_orphans_but_not_rows_with_null(
    connection: dbapi.Connection, bare: Bare, schema: str
) -> None:
    arguments = {"dataset": f"{schema}.items", "columns": ["order_id", "order_place"], "verify": True}
    arguments |= {"references_dataset": f"{schema}.orders", "references_columns": ["id", "place"]}
    call(connection, "declare_foreign_key", **arguments)
    call(connection, "drop_foreign_key", dataset=f"{schema}.items", name="items_order_id_order_place_fkey")
    query(connection, f"INSERT INTO {schema}.items VALUES (4, 7, 'a', NULL), (5, 2, 'z', NULL)")
    error = refusal(lambda: call(connection, "declare_foreign_key", **arguments))
    assert "2 rows" in error.message
    assert imported(bare, schema) == []


@pytest.mark.parametrize(
    ("operation", "arguments", "code", "told"),
    [
        ("declare_primary_key", {"dataset": "nowhere", "columns": ["a"]}, "not_found", "nowhere"),
        ("declare_primary_key", {"dataset": "SCHEMA.orders", "columns": ["id", "nope"]}, "not_found", "nope"),
        ("declare_primary_key", {"dataset": "SCHEMA.orders", "columns": []}, "invalid_argument", "columns"),
        ("declare_primary_key", {"dataset": "SCHEMA.orders", "columns": ["id", "ID"]}, "invalid_argument", "once"),
        ("declare_primary_key", {"dataset": "SCHEMA.seen", "columns": ["id"]}, "invalid_argument", "view"),
        ("declare_primary_key", {"dataset": "catalog.jobs", "columns": ["job_id"]}, "permission_denied", "catalog"),
        (
            "declare_primary_key",
            {"dataset": "SCHEMA.orders", "columns": ["id"], "name": ""},
            "invalid_argument",
            "name",
        ),
        (
            "declare_foreign_key",
            {"dataset": "SCHEMA.items", "columns": ["n"], "references_dataset": "SCHEMA.orders"},
            "not_found",
            "no declared primary key",
        ),
        (
            "declare_foreign_key",
            {
                "dataset": "SCHEMA.items",
                "columns": ["n"],
                "references_dataset": "SCHEMA.orders",
                "references_columns": ["id", "place"],
            },
            "invalid_argument",
            "1 columns",
        ),
        ("drop_primary_key", {"dataset": "SCHEMA.items"}, "not_found", "no declared primary key"),
        ("drop_foreign_key", {"dataset": "SCHEMA.items", "name": "x"}, "not_found", "none"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused_by_name(
    connection: dbapi.Connection, schema: str, operation: str, arguments: dict[str, Any], code: str, told: str
) -> None:
    query(connection, f"CREATE VIEW {schema}.seen AS FROM {schema}.orders")
    given = {k: v.replace("SCHEMA", schema) if isinstance(v, str) else v for k, v in arguments.items()}
    error = refusal(lambda: call(connection, operation, **given))
    assert error.code == code
    assert told in error.message


def test_odd_names_are_told_as_they_are(connection: dbapi.Connection, bare: Bare, schema: str) -> None:
    query(connection, f'CREATE TABLE {schema}."odd t" ("a ""b" INTEGER, "select" VARCHAR)')
    call(connection, "declare_primary_key", dataset=f"{schema}.odd t", columns=['A "B', "select"], verify=True)
    assert [column for _, column, _ in primary(bare, schema, "odd t")] == ['a "b', "select"]


def test_a_key_outlives_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("keys") / "data"
    with Server(data) as server, server.connect() as connection:
        query(connection, "CREATE TABLE t (a INTEGER)")
        call(connection, "declare_primary_key", dataset="t", columns=["a"])
        server.kill()
    with Server(data) as server, Bare(server) as bare:
        assert primary(bare, "main", "t") == [("t_pkey", "a", 1)]
