"""Files that can't be loaded: the message tells where and why, and nothing of them is in the lake."""

import base64
import io
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clients.python import LakehouseError, Operations
from tests.harness import Server
from tests.ingest.sending import datasets, refused, send

MANY = b"".join(b"%d,x\n" % n for n in range(100_000))


def parquet() -> bytes:
    out = io.BytesIO()
    table = pa.table({"n": list(range(2000)), "s": [f"text {n}" for n in range(2000)]})
    pq.write_table(table, out, row_group_size=500)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("few.csv", b"a,b\n" + b"1,x\n" * 50 + b"2,y,z,w\n" + b"3,z\n" * 50, ["few.csv, line 52: ", "Columns: 2"]),
        ("late.csv", b"a,b\n" + MANY + b"2,y,z\n1,2,3\n" + MANY, ["late.csv, line 100002: ", "(2 broken rows in all)"]),
        ("type.csv", b"a,b\n" + MANY + b"two,y\n", ["type.csv, line 100002, column a: ", '"two"', "BIGINT"]),
        ("code.csv", b"a,b\n" + MANY + b"1,M\xfcller\n", ["code.csv, line 100002, column b: ", "not utf-8"]),
        ("head.csv", b"a,b\n1,x\n2,\xff\xfe\n", ["head.csv, line 3, column b: ", "not utf-8"]),
        ("none.csv", b"", ["none.csv is empty"]),
        ("cut.json", b'[{"a": 1}, {"a": ', ['"cut.json"', "Malformed JSON", "unexpected end"]),
        ("bad.ndjson", b'{"a": 1}\n{"a": 2}\n{"a": \n{"a": 4}\n', ['"bad.ndjson"', "Malformed JSON"]),
        ("late.ndjson", b'{"a": 1}\n' * 50_000 + b"{]\n", ['"late.ndjson"', "line 5000"]),
        ("cut.parquet", parquet()[:-100], ["'cut.parquet'", "magic bytes"]),
        ("text.parquet", b"a,b\n1,x\n", ["'text.parquet'", "too small to be a Parquet file"]),
        ("binary.csv", parquet(), ['"binary.csv"', "sniffing"]),
        ("plain.csv.gz", b"a,b\n1,x\n", ["plain.csv.gz", "not a GZIP stream"]),
        ("what.txt", b"a,b\n1,x\n", ["'what.txt'", "give format as one of csv, json, ndjson, parquet"]),
    ],
)
def test_broken_file_is_told_with_place_and_reason_and_loads_nothing(
    server: Server, operations: Operations, name: str, content: bytes, words: list[str]
) -> None:
    message = refused(operations, "never_made", content, name)
    assert [word for word in words if word not in message] == [], message
    assert "never_made" not in datasets(server)
    assert server.rows("SELECT * FROM catalog.ingests WHERE dataset = 'never_made'") == []
    assert list((server.data / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"n,t\n2,b\nthree,c\n", ["line 3, column n", '"three"', "INTEGER"]),
        (b"other\n2\n", ["rows.csv does not fit narrow", "none of its columns"]),
        (b"n,t\n99999999999,b\n", ["line 2, column n", "INTEGER"]),
        (b"t\nb\n", ["NOT NULL"]),
    ],
)
def test_file_that_does_not_fit_the_table_is_refused_whole(
    server: Server, operations: Operations, content: bytes, words: list[str]
) -> None:
    server.rows("CREATE OR REPLACE TABLE narrow (n INTEGER NOT NULL, t VARCHAR)")
    server.rows("INSERT INTO narrow VALUES (1, 'a')")
    message = refused(operations, "narrow", content, "rows.csv")
    assert [word for word in words if word not in message] == [], message
    assert server.rows("FROM narrow") == [{"n": 1, "t": "a"}]


def test_columns_are_matched_by_name_and_missing_ones_are_null(server: Server, operations: Operations) -> None:
    server.rows("CREATE TABLE wide (n INTEGER, code VARCHAR, day DATE)")
    send(operations, "wide", b"DAY,Code\n2024-01-02,007\n")
    assert server.rows("SELECT n, code, day::VARCHAR AS day FROM wide") == [
        {"n": None, "code": "007", "day": "2024-01-02"}
    ]


def test_damaged_parquet_never_harms_the_server(server: Server, operations: Operations) -> None:
    whole, chance, codes = parquet(), random.Random(7), list[str]()
    for n in range(12):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 20, 200])):
            damaged[chance.randrange(4 if n % 2 else len(damaged) - 700, len(damaged))] = chance.randrange(256)
        try:
            send(operations, f"damaged_{n}", bytes(damaged), "d.parquet")
        except LakehouseError as error:
            codes.append(error.code)
    assert set(codes) == {"invalid_argument"}
    assert server.rows("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/passwd", "sub/../../outside.csv", "link.csv", "linked/hosts"])
def test_path_that_leaves_the_import_folder_is_refused(server: Server, operations: Operations, path: str) -> None:
    folder = server.data / "import"
    (server.data / "outside.csv").write_bytes(b"a\n1\n")
    for name, target in {"link.csv": "/etc/passwd", "linked": "/etc"}.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    with pytest.raises(LakehouseError, match="is not under the import folder") as error:
        operations.call("ingest_file", dataset="never_made", path=path, format="csv")
    assert error.value.code == "permission_denied"


@pytest.mark.parametrize(
    ("path", "code"),
    [("none.csv", "not_found"), (".", "not_found"), ("*.csv", "not_found"), ("a\0b.csv", "invalid_argument")],
)
def test_path_that_names_no_file_is_refused(operations: Operations, path: str, code: str) -> None:
    with pytest.raises(LakehouseError) as error:
        operations.call("ingest_file", dataset="never_made", path=path)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"content": "@@@", "file_name": "x.csv"}, "content is not base64"),
        ({"content": "abc", "file_name": "x.csv"}, "content is not base64"),
        ({"content": "é", "file_name": "x.csv"}, "content is not base64"),
        ({"content": "YQ==", "path": "x.csv"}, "give either path or content"),
        ({}, "give either path or content"),
        ({"content": "YQ=="}, "content needs file_name"),
        ({"content": "YQ==", "file_name": "x.csv", "mode": "upsert"}, "mode: "),
        ({"content": "YQ==", "file_name": "x.csv", "format": "xlsx"}, "format: "),
        ({"path": 5}, "path: "),
        ({"path": "x.csv", "nope": 1}, "nope: there is no such argument"),
    ],
)
def test_wrong_arguments_are_told_by_name(operations: Operations, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(LakehouseError, match=message) as error:
        operations.call("ingest_file", dataset="never_made", **arguments)
    assert error.value.code == "invalid_argument"


@pytest.mark.parametrize("dataset", ["catalog.ingests", "CATALOG.principal_events", "Vectors.x", "deleted.t"])
def test_control_schemas_take_no_files_in_any_letter_case(operations: Operations, dataset: str) -> None:
    assert "written by the server only" in refused(operations, dataset, b"a\n1\n")


@pytest.mark.parametrize("dataset", ["", ".", "a.", "lakehouse.main.t", 'a"b', "a/b", "a\nb", "x" * 300])
def test_name_that_is_no_dataset_is_refused(operations: Operations, dataset: str) -> None:
    assert "is no name of a dataset" in refused(operations, dataset, b"a\n1\n")


def test_schema_that_is_not_there_is_named(operations: Operations) -> None:
    assert '"nowhere"' in refused(operations, "nowhere.t", b"a\n1\n")


def test_view_takes_no_file(server: Server, operations: Operations) -> None:
    server.rows("CREATE VIEW looking AS SELECT 1 AS a")
    for mode in ("append", "create_append", "replace"):
        assert "looking" in refused(operations, "looking", b"a\n1\n", mode=mode)


@pytest.mark.parametrize(
    ("bound", "value", "message"),
    [
        ("upload_bytes_max", "1000", r"bound: upload_bytes_max"),
        ("parse_s_max", "0.05", r"usual\.csv took too long to read \(bound: parse_s_max\)"),
        ("parse_memory_bytes_max", str(16 << 20), r"usual\.csv"),
    ],
)
def test_bounds_of_a_file_hold(data: Path, bound: str, value: str, message: str) -> None:
    content = base64.b64encode(b"a,b\n" + MANY).decode()
    with (
        Server(data, environment={f"LAKEHOUSE_{bound.upper()}": value}) as server,
        server.operations() as operations,
    ):
        with pytest.raises(LakehouseError, match=message) as error:
            operations.call("ingest_file", dataset="never_made", content=content, file_name="usual.csv")
        assert error.value.code in ("limit_exceeded", "invalid_argument")
        assert "never_made" not in datasets(server)
        assert list((data / "uploads").iterdir()) == []
