"""The checked-in protobuf code is what the .proto files generate, and it is the published wire format."""

from pathlib import Path

import pytest
from google.protobuf.message import Message

from flight.gen import flight_session_pb2 as flight
from flight.gen import flight_sql_info_pb2 as info
from flight.gen import flight_sql_pb2 as sql
from flight.proto.generate import GEN, generate


def test_generated_code_is_up_to_date(tmp_path: Path) -> None:
    generate(tmp_path)
    fresh = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    checked_in = {path.name: path.read_bytes() for path in GEN.iterdir() if path.is_file()}
    assert fresh == checked_in


End = sql.ActionEndTransactionRequest
Definition = sql.CommandStatementIngest.TableDefinitionOptions

# Bytes put down by hand from the published field numbers: tag = number * 8 + wire type.
WIRE: list[tuple[Message, bytes]] = [
    (sql.CommandGetSqlInfo(info=[0, 508]), b"\x0a\x03\x00\xfc\x03"),
    (sql.CommandGetXdbcTypeInfo(data_type=4), b"\x08\x04"),
    (sql.CommandGetDbSchemas(catalog="c", db_schema_filter_pattern="s"), b"\x0a\x01c\x12\x01s"),
    (
        sql.CommandGetTables(
            catalog="c",
            db_schema_filter_pattern="s",
            table_name_filter_pattern="t",
            table_types=["BASE TABLE", "VIEW"],
            include_schema=True,
        ),
        b"\x0a\x01c\x12\x01s\x1a\x01t\x22\x0aBASE TABLE\x22\x04VIEW\x28\x01",
    ),
    (sql.CommandGetPrimaryKeys(catalog="c", db_schema="s", table="t"), b"\x0a\x01c\x12\x01s\x1a\x01t"),
    (
        sql.CommandGetCrossReference(
            pk_catalog="a", pk_db_schema="b", pk_table="c", fk_catalog="d", fk_db_schema="e", fk_table="f"
        ),
        b"\x0a\x01a\x12\x01b\x1a\x01c\x22\x01d\x2a\x01e\x32\x01f",
    ),
    (sql.CommandStatementQuery(query="q", transaction_id=b"t"), b"\x0a\x01q\x12\x01t"),
    (
        sql.ActionCreatePreparedStatementResult(
            prepared_statement_handle=b"h", dataset_schema=b"d", parameter_schema=b"p", is_update=False
        ),
        b"\x0a\x01h\x12\x01d\x1a\x01p\x20\x00",
    ),
    (sql.ActionEndTransactionRequest(transaction_id=b"t", action=End.END_TRANSACTION_ROLLBACK), b"\x0a\x01t\x10\x02"),
    (
        sql.CommandStatementIngest(
            table_definition_options=Definition(
                if_not_exist=Definition.TABLE_NOT_EXIST_OPTION_CREATE, if_exists=Definition.TABLE_EXISTS_OPTION_REPLACE
            ),
            table="t",
            schema="s",
            catalog="c",
            temporary=True,
            transaction_id=b"x",
            options={"k": "v"},
        ),
        b"\x0a\x04\x08\x01\x10\x03\x12\x01t\x1a\x01s\x22\x01c\x28\x01\x32\x01x\xc2\x3e\x06\x0a\x01k\x12\x01v",
    ),
    (sql.DoPutUpdateResult(record_count=-1), b"\x08" + b"\xff" * 9 + b"\x01"),
    (sql.DoPutPreparedStatementResult(prepared_statement_handle=b"h"), b"\x0a\x01h"),
    (sql.ActionCancelQueryResult(result=sql.ActionCancelQueryResult.CANCEL_RESULT_CANCELLING), b"\x08\x02"),
    (
        flight.SetSessionOptionsRequest(session_options={"n": flight.SessionOptionValue(int64_value=1)}),
        b"\x0a\x0e\x0a\x01n\x12\x09\x19\x01\x00\x00\x00\x00\x00\x00\x00",
    ),
    (flight.CancelFlightInfoResult(status=flight.CANCEL_STATUS_CANCELLED), b"\x08\x01"),
    (flight.CloseSessionResult(status=flight.CloseSessionResult.NOT_CLOSEABLE), b"\x08\x03"),
]


@pytest.mark.parametrize(("message", "wire"), WIRE, ids=[type(message).__name__ for message, _ in WIRE])
def test_message_has_the_published_wire_form(message: Message, wire: bytes) -> None:
    assert message.SerializeToString(deterministic=True) == wire
    assert type(message).FromString(wire) == message


def test_info_codes_have_their_published_numbers() -> None:
    assert info.FLIGHT_SQL_SERVER_NAME == 0
    assert info.FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED == 11
    assert info.FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT == 101
    assert info.SQL_DDL_CATALOG == 500
    assert info.SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED == 576
    assert sorted(info.SqlInfo.values()) == [*range(12), 100, 101, *range(500, 577)]
