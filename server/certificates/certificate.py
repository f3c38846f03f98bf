"""What an erasure was, as a document to be signed. It is built from the rows that the lake keeps of it.

So whoever changes a row changes the document, and its signature is wrong. The document is canonical JSON as RFC 8785
has it: UTF-8, members sorted, no space, integers only; `clients/verify_certificate.py` reads it without a server.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from server.certificates.finding import Finding, Verdict
from server.erasure.keys import KeyColumn

FORMAT = "lakehouse-erasure-certificate"
FORMAT_VERSION = 1
PROVEN, NOT_PROVEN = "proven", "not proven"
START = "0" * 64  # the link before the first

TIMES = ("scanned_at", "started_at", "finished_at")
OF_SURFACE = (
    "surface",
    "verdict",
    "method",
    "examined",
    "examined_unit",
    "erased_count",
    "found_count",
    "detail",
    "scanned_at",
)
OF_ERASURE = (
    "format_version",
    "product_version",
    "certificate_number",
    "previous_link",
    "public_key",
    "erasure_id",
    "dataset",
    "key_column",
    "key_type",
    "key_count",
    "key_hmacs_sha256",
    "row_count",
    "actor",
    "on_behalf_of",
    "reason",
    "job_id",
    "started_at",
    "finished_at",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True)
class Examined:
    """A surface once it was erased and looked through. erased_count: what its `erase` returned."""

    surface: str
    finding: Finding
    erased_count: int
    scanned_at: datetime


@dataclass(frozen=True)
class Erased:
    """An erasure that is done. key_hmacs: hexadecimal, in any order. row_count: rows of the dataset that went. Times
    have a zone. No text in it may hold a value of a subject."""

    erasure_id: str
    dataset: str
    key_column: KeyColumn
    key_hmacs: Sequence[str]
    row_count: int
    surfaces: Sequence[Examined]
    actor: str
    job_id: str
    started_at: datetime
    finished_at: datetime
    reason: str | None = None
    on_behalf_of: str | None = None

    def __post_init__(self) -> None:
        names = [examined.surface for examined in self.surfaces]
        if not names or len(set(names)) < len(names):
            raise AssertionError("an erasure has surfaces, each once")


def document(rows: Sequence[Row]) -> Document:
    """What is signed. rows: one of catalog.erasure_events for each surface, times as microseconds since 1970, UTC."""
    surfaces = [{name: _shown(name, row[name]) for name in OF_SURFACE} for row in rows]
    surfaces.sort(key=lambda surface: str(surface["surface"]))
    not_clean = [surface["surface"] for surface in surfaces if surface["verdict"] != Verdict.CLEAN]
    return {
        "format": FORMAT,
        **{name: _shown(name, rows[0][name]) for name in OF_ERASURE},
        "verdict": NOT_PROVEN if not_clean else PROVEN,
        "surfaces_not_clean": not_clean,
        "surfaces": surfaces,
    }


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link_of(signed: Document) -> str:
    """The certificate's link of the chain, hexadecimal: the link before is in the document."""
    return hashlib.sha256(canonical(signed)).hexdigest()


def keys_digest(sorted_hmacs: Iterable[str]) -> str:
    """As `sha256sum` computes it of a file with a line for each."""
    return hashlib.sha256("".join(f"{hmac}\n" for hmac in sorted_hmacs).encode()).hexdigest()


def exported(rows: Sequence[Row], key_hmacs: Sequence[str] | None) -> str:
    """The certificate with its signature, canonical JSON. key_hmacs: sorted; None leaves them out, which no signature
    minds: what is signed is their digest."""
    told = {"link": rows[0]["link"], "signature": rows[0]["signature"], "key_hmacs": key_hmacs}
    return canonical({"certificate": document(rows), **told}).decode()


def _shown(name: str, value: Any) -> Any:
    """A time as text. One that no calendar has, which only a forger writes, as its number."""
    if name not in TIMES or value is None:
        return value
    try:
        moment = _EPOCH + timedelta(microseconds=value)
    except OverflowError:
        return value
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
