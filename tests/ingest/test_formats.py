"""Each format arrives with the types that were detected, packed or not, by bytes and by path."""

import gzip
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clients.python import Operations
from tests.harness import ROOT, Server
from tests.ingest.sending import send

KEV = ROOT.parent / "shared" / "data" / "kev"


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def as_is(content: bytes) -> bytes:
    return content


CSV = b"id,name,born,score\n1,ann,1990-05-17,1.5\n2,bob,1991-01-01,2.25\n"
JSON = b'[{"id": 1, "name": "ann", "tags": ["a", "b"]}, {"id": 2, "name": "bob", "tags": []}]'
NDJSON = b'{"id": 1, "name": "ann", "tags": ["a", "b"]}\n{"id": 2, "name": "bob", "tags": []}\n'
TABLE = pa.table({"id": pa.array([1, 2], pa.int32()), "name": ["ann", "bob"], "vec": [[0.5, 1.0], [0.25, 2.0]]})


@pytest.mark.parametrize(("ending", "pack"), [("", as_is), (".gz", gzip.compress)])
@pytest.mark.parametrize(
    ("name", "content", "types"),
    [
        ("people.csv", CSV, {"id": "BIGINT", "name": "VARCHAR", "born": "DATE", "score": "DOUBLE"}),
        (
            "people.tsv",
            CSV.replace(b",", b"\t"),
            {"id": "BIGINT", "name": "VARCHAR", "born": "DATE", "score": "DOUBLE"},
        ),
        ("people.json", JSON, {"id": "BIGINT", "name": "VARCHAR", "tags": "VARCHAR[]"}),
        ("people.ndjson", NDJSON, {"id": "BIGINT", "name": "VARCHAR", "tags": "VARCHAR[]"}),
        ("people.jsonl", NDJSON, {"id": "BIGINT", "name": "VARCHAR", "tags": "VARCHAR[]"}),
    ],
)
def test_text_format_is_loaded_with_the_types_that_its_values_tell(
    server: Server,
    operations: Operations,
    name: str,
    content: bytes,
    types: dict[str, str],
    ending: str,
    pack: Callable[[bytes], bytes],
) -> None:
    dataset = f"format_{name}{ending}".replace(".", "_")
    row = send(operations, dataset, pack(content), name + ending)
    assert (row["dataset"], row["loaded"], row["rows"]) == (dataset, True, 2)
    found = server.rows("SELECT column_name, data_type FROM catalog.columns WHERE dataset = ?", (dataset,))
    assert {column["column_name"]: column["data_type"] for column in found} == types
    assert [r["name"] for r in server.rows(f"SELECT name FROM {dataset} ORDER BY id")] == ["ann", "bob"]


def test_parquet_keeps_its_types_and_values(server: Server, operations: Operations) -> None:
    assert send(operations, "from_parquet", parquet(TABLE), "t.parquet")["rows"] == 2
    assert server.rows("FROM from_parquet ORDER BY id") == TABLE.to_pylist()
    types = server.rows(
        "SELECT data_type FROM catalog.columns WHERE dataset = 'from_parquet' ORDER BY ordinal_position"
    )
    assert [row["data_type"] for row in types] == ["INTEGER", "VARCHAR", "DOUBLE[]"]


def test_file_of_the_import_folder_is_loaded_by_its_path(server: Server, operations: Operations) -> None:
    folder = server.data / "import" / "sub folder"
    folder.mkdir(parents=True)
    (folder / "two words.csv").write_bytes(CSV)
    [row] = operations.call("ingest_file", dataset="by_path", path="sub folder/two words.csv")
    assert (row["loaded"], row["rows"]) == (True, 2)
    assert (folder / "two words.csv").read_bytes() == CSV


def test_format_that_is_given_beats_the_ending(server: Server, operations: Operations) -> None:
    assert send(operations, "given_format", NDJSON, "log.txt", format="ndjson")["rows"] == 2


def test_name_of_an_upload_is_a_name_only(server: Server, operations: Operations) -> None:
    before = sorted(server.data.parent.iterdir())
    assert send(operations, "odd_name", CSV, "../../*[odd] name.csv")["rows"] == 2
    assert sorted(server.data.parent.iterdir()) == before
    assert list((server.data / "uploads").iterdir()) == []
    names = server.rows("SELECT file_name FROM catalog.ingests WHERE dataset = 'odd_name'")
    assert names == [{"file_name": "*[odd] name.csv"}]


def test_file_with_a_head_and_no_rows_makes_an_empty_dataset(server: Server, operations: Operations) -> None:
    assert send(operations, "head_only", b"a,b\n")["rows"] == 0
    assert server.rows("SELECT count(*) AS n FROM head_only") == [{"n": 0}]


def test_times_without_zone_are_read_as_utc(server: Server, operations: Operations) -> None:
    server.rows("CREATE TABLE instants (moment TIMESTAMPTZ)")
    send(operations, "instants", b"moment\n2024-03-31 02:30:00\n")
    assert server.rows("SELECT epoch(moment)::BIGINT AS s FROM instants") == [{"s": 1_711_852_200}]


@pytest.mark.skipif(not KEV.is_dir(), reason=f"no data at {KEV}: the KEV catalog is not part of the repository")
def test_known_exploited_vulnerabilities_load_whole(server: Server, operations: Operations) -> None:
    [file] = sorted(Path(KEV).glob("*.csv"))
    import csv

    with file.open(newline="", encoding="utf-8") as lines:
        expected: list[dict[str, Any]] = list(csv.DictReader(lines))
    row = operations.ingest_file("kev", file)[0]
    assert row["rows"] == len(expected)
    found = server.rows("SELECT cveID, shortDescription FROM kev ORDER BY cveID")
    assert [(r["cveID"], r["shortDescription"]) for r in found] == sorted(
        (r["cveID"], r["shortDescription"]) for r in expected
    )


@pytest.mark.parametrize("ending", ["json", "ndjson"])
def test_text_in_json_stays_as_it_is_written(server: Server, operations: Operations, ending: str) -> None:
    name = f"texts_{ending}"
    server.rows(f"CREATE OR REPLACE TABLE {name} (id BIGINT, code VARCHAR, seen VARCHAR, ref VARCHAR, born DATE)")
    first = (
        b'{"id": 1, "code": "05-06-24", "seen": "2024-01-01T10:00:00Z", "ref": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}'
    )
    second = b'{"id": 2, "code": "A1", "ref": true}\n{"id": 3, "code": 12, "born": "1990-01-02", "more": 1}'
    send(operations, name, first, f"first.{ending}", mode="append")
    send(operations, name, second, f"second.{ending}", mode="append")
    found = [tuple(row.values())[1:] for row in server.rows(f"FROM {name} ORDER BY id")]
    assert found == [
        ("05-06-24", "2024-01-01T10:00:00Z", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", None, None),
        ("A1", None, "true", None, None),
        ("12", None, None, date(1990, 1, 2), 1),
    ]
