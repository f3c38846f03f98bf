"""Certificates through the front door, and their exports verified without the server."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clients import verify_certificate
from clients.python import LakehouseError
from server.certificates.certificate import canonical, link_of
from server.certificates.certificates import Certificates
from server.config import Settings
from server.data_folder import DataFolder
from server.engine.engine import Engine
from server.errors import LimitExceeded, NotFound
from tests.erasure.certified import HMACS, certify, erased
from tests.harness import ROOT, Server

MANY = 150_000
NAMES = ("plain", "unproven", "many")


@dataclass(frozen=True)
class Exported:
    """texts: what export_certificate gave of each of NAMES, but of many without its keys."""

    server: Server
    texts: dict[str, str]
    public_key: str


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """A server whose lake got certificates while it was stopped."""
    data = tmp_path_factory.mktemp("exported") / "data"
    with Server(data, "--message-bytes-max", str(4 << 20)) as server:
        server.stop()
        engine = Engine(Settings(data=data), DataFolder(data))
        try:
            certificates = Certificates(engine.folder.keys)
            certify(engine, certificates, erased("plain", dataset="größer.people", reason='"quoted"\n\0'))
            certify(engine, certificates, erased("unproven", unproven=True))
            certify(engine, certificates, erased("many", key_hmacs=[f"{n:064x}" for n in range(MANY)]))
        finally:
            engine.close()
        server.start()
        texts = {name: export(server, name, with_keys=name != "many")["document"] for name in NAMES}
        yield Exported(server, texts, certificates.signer.public_key)


def export(server: Server, name: str, with_keys: bool = True) -> dict[str, Any]:
    (row,) = server.rows("CALL export_certificate(erasure_id := ?, with_keys := ?)", [name, with_keys])
    return row


@pytest.fixture
def files(exported: Exported, tmp_path: Path) -> list[str]:
    """The certificates as files, by number."""
    return [str(written(tmp_path / f"{name}.json", text)) for name, text in exported.texts.items()]


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def verified(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    status = verify_certificate.main(arguments)
    return status, capsys.readouterr().out


def test_erasures_tell_a_row_per_surface_and_whether_the_whole_is_proven(exported: Exported) -> None:
    rows = exported.server.rows("FROM catalog.erasures ORDER BY certificate_number, surface")
    told = [(row["erasure_id"], row["surface"], row["verdict"], row["proven"]) for row in rows]
    assert told == [
        ("plain", "data files", "clean", True),
        ("plain", "write-ahead log", "clean", True),
        ("unproven", "data files", "clean", False),
        ("unproven", "write-ahead log", "unproven", False),
        ("many", "data files", "clean", True),
        ("many", "write-ahead log", "clean", True),
    ]
    assert {row["public_key"] for row in rows} == {exported.public_key}
    assert [row["key_count"] for row in rows] == [3, 3, 3, 3, MANY, MANY]


def test_server_verifies_its_certificates(exported: Exported) -> None:
    rows = exported.server.rows("CALL verify_certificates()")
    datasets = ["größer.people", "people", "people"]
    assert rows == [
        {"certificate_number": number, "erasure_id": name, "dataset": dataset, "status": "whole"}
        for number, (name, dataset) in enumerate(zip(NAMES, datasets, strict=True), 1)
    ]
    with exported.server.operations() as operations:
        assert operations.call("verify_certificates", public_keys=["0" * 64]) == rows
        with pytest.raises(LakehouseError, match="public_keys"):
            operations.call("verify_certificates", public_keys=["no key"])


def test_document_holds_what_the_rows_tell(exported: Exported) -> None:
    signed = json.loads(exported.texts["plain"])["certificate"]
    (row, *_) = exported.server.rows("FROM catalog.erasures WHERE erasure_id = 'plain' ORDER BY surface")
    assert signed["started_at"] == "2026-03-01T12:00:00.000000Z"
    assert signed["surfaces"][0]["scanned_at"] == "2026-03-01T12:00:01.500000Z"
    for name in ("dataset", "key_column", "row_count", "actor", "reason", "job_id", "previous_link", "public_key"):
        assert signed[name] == row[name]
    for name in ("surface", "verdict", "method", "examined", "examined_unit", "erased_count", "found_count", "detail"):
        assert signed["surfaces"][0][name] == row[name]
    assert json.loads(exported.texts["plain"])["key_hmacs"] == sorted(HMACS)
    assert export(exported.server, "unproven")["verdict"] == "not proven"


def test_unknown_erasure_has_no_certificate(exported: Exported) -> None:
    with pytest.raises(LakehouseError) as error, exported.server.operations() as operations:
        operations.call("export_certificate", erasure_id="nothing")
    assert error.value.code == NotFound.code


def test_list_of_keys_that_fits_no_message_is_left_out_on_demand(exported: Exported, tmp_path: Path) -> None:
    with pytest.raises(LakehouseError, match="with_keys := false") as error, exported.server.operations() as operations:
        operations.call("export_certificate", erasure_id="many")
    assert error.value.code == LimitExceeded.code
    told = json.loads(exported.texts["many"])
    assert told["key_hmacs"] is None
    query = "SELECT key_hmac FROM catalog.erasure_keys WHERE erasure_id = 'many' ORDER BY key_hmac"
    lines = "".join(f"{row['key_hmac']}\n" for row in exported.server.rows(query))
    summed = subprocess.run(
        ["sha256sum", written(tmp_path / "keys", lines)], capture_output=True, text=True, check=True
    )
    assert summed.stdout.split()[0] == told["certificate"]["key_hmacs_sha256"]


def test_command_verifies_files_without_a_server_and_without_the_product(
    exported: Exported, files: list[str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "clients.verify_certificate"]
    run = subprocess.run([*command, files[0]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "größer.people: proven" in run.stdout
    assert "only that each file agrees with the key in it" in run.stdout
    copied = written(tmp_path / "alone.py", Path(verify_certificate.__file__).read_text())
    alone = [sys.executable, "-I", str(copied), *files, "--public-key", exported.public_key]
    run = subprocess.run(alone, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"}, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (1, "")
    assert "1 of 3 erasures NOT proven" in run.stdout
    assert "only that each file agrees" not in run.stdout


def test_exit_status_tells_proven_from_signed_only(
    exported: Exported, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    key = ("--public-key", exported.public_key.upper())
    assert verified(capsys, files[0], *key)[0] == 0
    status, out = verified(capsys, files[1], *key)
    assert (status, "NOT proven for write-ahead log" in out) == (1, True)
    assert verified(capsys, *files, *key, "--signed-only")[0] == 0
    for wrong in ([], [files[0], "--public-key", "short"]):
        with pytest.raises(SystemExit) as ended:
            verify_certificate.main(wrong)
        assert ended.value.code == 2


def test_files_in_any_order_must_follow_each_other(
    exported: Exported, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = files
    assert verified(capsys, three, one, two, "--signed-only")[0] == 0
    assert "numbers 2 to 2 are missing" in verified(capsys, one, three)[1]
    assert "both are number 1" in verified(capsys, one, one)[1]
    forged = resigned(exported.texts["unproven"], previous_link="f" * 64)
    other = str(written(tmp_path / "other.json", forged))
    status, out = verified(capsys, one, other, "--signed-only")
    assert (status, "number 2 does not follow this number 1" in out, "signed with 2 keys" in out) == (1, True, True)


def resigned(text: str, **changes: object) -> str:
    """The document changed, with link and signature to fit, by a key of the forger's own."""
    told, key = json.loads(text), Ed25519PrivateKey.generate()
    public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    told["certificate"] |= {"public_key": public_key} | changes
    told["link"] = link_of(told["certificate"])
    told["signature"] = key.sign(canonical(told["certificate"])).hex()
    return canonical(told).decode()


def test_foreign_key_shows_once_the_servers_key_is_given(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(written(tmp_path / "forged.json", resigned(exported.texts["plain"], row_count=0)))
    status, out = verified(capsys, file)
    assert (status, "which anybody can make" in out) == (0, True)
    status, out = verified(capsys, file, "--public-key", exported.public_key)
    assert (status, "signed with another key" in out, "NOT VERIFIED" in out) == (1, True, True)


def test_verdict_that_its_surfaces_contradict_shows_even_when_signed(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = resigned(exported.texts["unproven"], verdict="proven", surfaces_not_clean=[])
    status, out = verified(capsys, str(written(tmp_path / "forged.json", forged)))
    assert (status, "its verdict is not that of its surfaces" in out) == (1, True)


def test_every_value_that_is_changed_added_or_removed_shows(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, count = tmp_path / "tampered.json", 0
    for tampered in itertools.chain(*(tamperings(exported.texts[name]) for name in ("plain", "unproven"))):
        file.write_bytes(canonical(tampered))
        status, out = verified(capsys, str(file), "--public-key", exported.public_key, "--signed-only")
        assert (status, "BROKEN" in out) == (1, True), tampered
        count += 1
    assert count > 200


def tamperings(text: str) -> Iterator[Any]:
    """The document once for each value in it, that value changed or gone, or another beside it."""
    for path in list(paths(json.loads(text))):
        for change in (lambda value: other(value), None, lambda value: None):
            document = json.loads(text)
            place = document
            for step in path[:-1]:
                place = place[step]
            before = place[path[-1]]
            if change is None:
                del place[path[-1]]
            elif (after := change(before)) != before and path != ("key_hmacs",):
                place[path[-1]] = after
            else:
                continue
            yield document
    for name in ("certificate", None):
        document = json.loads(text)
        (document if name is None else document[name])["more"] = 1
        yield document


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in places:
        yield (*before, step)
        yield from paths(inner, (*before, step))


def other(value: Any) -> Any:
    if isinstance(value, str):
        return value.upper() if value != value.upper() else f"{value}0"
    return value + 1 if isinstance(value, int) else [value]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: json.dumps(json.loads(text), indent=1), "not in canonical form"),
        (lambda text: f"\ufeff{text}", "not in canonical form"),
        (lambda text: text.replace('"actor":', '"actor":"x","actor":', 1), "not in canonical form"),
        (lambda text: text[:-1], "it is no JSON"),
        (lambda text: text.replace("6", "NaN", 1), "it is no"),
        (lambda text: text.replace('"admin"', '"\\ud800"'), "it is no JSON"),
        (lambda text: "[" * 100_000, "it is no JSON"),
        (lambda text: "", "it is no JSON"),
        (lambda text: "[]", "no certificate"),
        (lambda text: '{"certificate":{},"key_hmacs":null,"link":"","signature":""}', "no certificate"),
        (lambda text: text.replace('"format_version":1', '"format_version":2'), "format version 2 is unknown"),
    ],
)
def test_what_is_no_certificate_is_told_in_a_line(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, told: str
) -> None:
    file = written(tmp_path / "odd.json", change(exported.texts["plain"]))
    status, out = verified(capsys, str(file))
    assert (status, told in out.splitlines()[0]) == (1, True), out


def test_missing_file_is_told_and_an_end_of_line_is_allowed(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "line.json", exported.texts["plain"] + "\n")
    assert verified(capsys, str(file))[0] == 0
    status, out = verified(capsys, str(file), str(tmp_path / "none.json"))
    assert (status, "it can't be read: No such file" in out) == (1, True)
