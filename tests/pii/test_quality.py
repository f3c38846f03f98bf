"""Precision and recall of each kind on columns of known kinds, from an ingest to what the catalog shows."""

from collections import defaultdict
from dataclasses import dataclass, field

import pyarrow as pa
import pytest

from server.pii.kinds import KINDS
from tests.harness import ROOT, Server, query
from tests.pii.labelled import Labelled, labelled

KEV = ROOT.parent / "shared" / "data" / "kev" / "known_exploited_vulnerabilities.csv"
PRECISION_MIN, RECALL_MIN = 0.85, 0.85


@dataclass
class Result:
    """Columns: right: of the kind and found; missed: of the kind and not found; wrong: found and not of the kind."""

    right: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(self.right + len(self.wrong), 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + len(self.missed), 1)


def results(columns: list[Labelled], found: dict[str, set[str]]) -> dict[str, Result]:
    by_kind: dict[str, Result] = {kind: Result() for kind in KINDS}
    for column in columns:
        told = f"{column.name} ({column.what})"
        for kind in found[column.name] - {column.kind}:
            by_kind[kind].wrong.append(told)
        if column.kind is not None and column.kind in found[column.name]:
            by_kind[column.kind].right += 1
        elif column.kind is not None:
            by_kind[column.kind].missed.append(told)
    return by_kind


def shown(by_kind: dict[str, Result]) -> str:
    lines = ["| kind | columns | precision | recall | false positives | missed |", "|---|---|---|---|---|---|"]
    for kind, result in by_kind.items():
        count = result.right + len(result.missed)
        names = "; ".join(result.wrong), "; ".join(result.missed)
        lines.append(f"| {kind} | {count} | {result.precision:.2f} | {result.recall:.2f} | {names[0]} | {names[1]} |")
    return "\n".join(lines)


def test_precision_and_recall_of_every_kind(server: Server) -> None:
    columns = labelled()
    with server.connect() as connection:
        table = pa.table([column.values for column in columns], names=[column.name for column in columns])
        with connection.cursor() as cursor:
            cursor.adbc_ingest("pii_labelled", table, mode="create")
        rows = query(connection, "FROM catalog.pii_findings WHERE dataset = 'pii_labelled' AND counts").to_pylist()
    found = defaultdict[str, set[str]](set)
    for row in rows:
        found[row["path"]].add(row["kind"])
    by_kind = results(columns, found)
    print("\n" + shown(by_kind))  # noqa: T201 - docs/pii.md has it
    assert {kind: r.precision for kind, r in by_kind.items() if r.precision < PRECISION_MIN} == {}, shown(by_kind)
    assert {kind: r.recall for kind, r in by_kind.items() if r.recall < RECALL_MIN} == {}, shown(by_kind)


@pytest.mark.skipif(not KEV.is_file(), reason="the vulnerabilities catalogue is not beside the checkout")
def test_a_list_of_vulnerabilities_holds_no_personal_data(server: Server) -> None:
    with server.operations() as operations:
        folder = server.data / "import"
        (folder / "pii_kev.csv").write_bytes(KEV.read_bytes())
        operations.call("ingest_file", dataset="pii_kev", path="pii_kev.csv")
        operations.call("detect_pii", dataset="pii_kev", sample_rows=10_000)
    assert server.rows("SELECT finding_count FROM catalog.pii_scans WHERE dataset = 'pii_kev'") == [
        {"finding_count": 0}
    ]
    assert server.rows("FROM catalog.pii_findings WHERE dataset = 'pii_kev' AND counts") == []
