"""Byte strings near valid messages: random ones, valid ones, and valid ones that were cut, spliced and flipped."""

import json

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from hypothesis import strategies as st

from flight.commands import BARE_ACTIONS, COMMANDS, WRAPPED_ACTIONS, pack
from flight.gen import flight_session_pb2 as flight
from flight.gen import flight_sql_pb2 as sql

PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."
TEXTS = [
    "",
    "SELECT 1",
    "%",
    "\\",
    "a\x00b",
    "'; DROP TABLE x; --",
    "lakehouse",
    "x" * 3000,
    "é\u202e",
    "$1",
    "CALL health()",
]
INTEGERS = [0, 1, -1, 2**31 - 1, -(2**31), 508]

VALID: list[Message] = [
    sql.CommandGetSqlInfo(info=[0, 508, 2**32 - 1]),
    sql.CommandGetXdbcTypeInfo(data_type=4),
    sql.CommandGetDbSchemas(catalog="lakehouse", db_schema_filter_pattern="m%"),
    sql.CommandGetTables(catalog="", table_name_filter_pattern=r"\%_", table_types=["VIEW", ""], include_schema=True),
    sql.CommandGetPrimaryKeys(table="t"),
    sql.CommandGetCrossReference(pk_table="t", fk_table="u"),
    sql.CommandStatementQuery(query="SELECT 1", transaction_id=b"x"),
    sql.CommandStatementUpdate(query="SELECT 1"),
    sql.CommandStatementIngest(table="t", schema="main", transaction_id=b"", options={"a": "b"}),
    sql.CommandPreparedStatementQuery(prepared_statement_handle=b"0123456789abcdef"),
    sql.CommandPreparedStatementUpdate(prepared_statement_handle=b""),
    sql.TicketStatementQuery(statement_handle=b'{"query": "SELECT 1", "transaction": ""}'),
    sql.TicketStatementQuery(statement_handle=b'{"held": "0123"}'),
    *(kind() for kind in COMMANDS),
]
ACTIONS: list[tuple[str, bytes]] = [
    *((name, pack(kind())) for name, kind in WRAPPED_ACTIONS.items()),
    *((name, kind().SerializeToString()) for name, kind in BARE_ACTIONS.items()),
    ("CreatePreparedStatement", pack(sql.ActionCreatePreparedStatementRequest(query="SELECT ? + 1"))),
    (
        "EndTransaction",
        pack(
            sql.ActionEndTransactionRequest(
                transaction_id=b"x", action=sql.ActionEndTransactionRequest.END_TRANSACTION_COMMIT
            )
        ),
    ),
    (
        "CancelFlightInfo",
        flight.CancelFlightInfoRequest(info=flight.FlightInfo(total_records=1)).SerializeToString(),
    ),
    ("health", b"{}"),
    ("set_metadata", json.dumps({"dataset": "nowhere", "owner": "x", "tags": ["a"]}).encode()),
    ("declare_primary_key", json.dumps({"dataset": "nowhere", "columns": ["a"]}).encode()),
    ("create_index", json.dumps({"name": "../x", "dataset": "x", "key_column": "a"}).encode()),
]


@st.composite
def mutated(draw: st.DrawFn, seed: st.SearchStrategy[bytes]) -> bytes:
    """A byte string with up to four places flipped, cut, doubled, or overwritten."""
    payload = bytearray(draw(seed))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(payload)))
        length = draw(st.integers(0, 8))
        match draw(st.integers(0, 3)):
            case 0:
                payload[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 1:
                del payload[at : at + length]
            case 2:
                payload[at:at] = payload[at : at + length]
            case _:
                payload[at : at + length] = draw(st.binary(max_size=12))
    return bytes(payload)


def wrapped(type_url: str, value: bytes) -> bytes:
    return AnyMessage(type_url=type_url, value=value).SerializeToString()


packed = st.sampled_from(VALID).map(pack)
names = st.sampled_from([kind.DESCRIPTOR.name for kind in COMMANDS])
spliced = st.builds(
    wrapped, (names | st.sampled_from(TEXTS)).map(PREFIX.__add__), mutated(packed) | st.binary(max_size=80)
)
texts = st.sampled_from(TEXTS) | st.text(max_size=60)


def _tables(catalog: str, schema: str, table: str) -> bytes:
    return pack(sql.CommandGetTables(catalog=catalog, db_schema_filter_pattern=schema, table_name_filter_pattern=table))


def _references(referenced: str, refers: str) -> bytes:
    return pack(sql.CommandGetCrossReference(pk_table=referenced, fk_table=refers, pk_catalog=referenced))


filled = st.one_of(
    st.builds(_tables, texts, texts, texts),
    st.builds(_references, texts, texts),
    st.sampled_from(INTEGERS).map(lambda code: pack(sql.CommandGetXdbcTypeInfo(data_type=code))),
    st.lists(st.integers(0, 2**32 - 1), max_size=5).map(lambda codes: pack(sql.CommandGetSqlInfo(info=codes))),
    texts.map(lambda text: pack(sql.CommandStatementQuery(query=text))),
)
commands = st.one_of(mutated(packed), spliced, filled, st.binary(max_size=200))
"""What may arrive as a FlightDescriptor's command or as a ticket."""

EXTREME = [
    b"[" * 200_000,
    b'{"a":' * 50_000,
    b"\xef\xbb\xbf{}",
    b'{"a": 1' + b"0" * 5000 + b"}",
    b"NaN",
    b'{"dataset": "\\ud800", "owner": "\\udfff"}',
    b'{"dataset": "x", "columns": ["\\u0000"], "owner": "\\u0000"}',
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
bodies = st.one_of(
    json_values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["dataset", "name", "columns", "owner", "verify"]), json_values, max_size=4).map(
        lambda value: json.dumps(value).encode()
    ),
    st.binary(max_size=60),
    st.sampled_from(EXTREME),
)
"""Bodies of operations."""

tickets = st.one_of(
    json_values.map(lambda value: json.dumps(value).encode()),
    mutated(
        st.sampled_from(
            [b'{"held": "0123456789abcdef"}', b'{"query": "SELECT 1", "transaction": "AAAA"}', b"[]", b"[" * 100_000]
        )
    ),
    st.binary(max_size=80),
)
"""What stands in a TicketStatementQuery."""


@st.composite
def actions(draw: st.DrawFn) -> tuple[str, bytes]:
    """Name and body of an action."""
    name, body = draw(st.sampled_from(ACTIONS))
    name = draw(st.just(name) | texts)
    if name in BARE_ACTIONS or name in WRAPPED_ACTIONS:
        return name, draw(mutated(st.just(body)) | commands)
    return name, draw(mutated(st.just(body)) | bodies)
