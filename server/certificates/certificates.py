"""Writes certificates into the lake: each signed and linked to the one before, in the commit that ends its erasure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog_sql import named_queries
from server.certificates.certificate import (
    FORMAT_VERSION,
    TIMES,
    Document,
    Erased,
    Examined,
    document,
    keys_digest,
    link_of,
)
from server.certificates.signing import Anchor, Place, Signer
from server.engine.cursor import LakeCursor
from server.errors import AlreadyExists, Unavailable
from server.journal.event import microseconds
from server.logs import logger
from server.version import VERSION

SQL = named_queries("queries/erasures.sql")
ROWS = "lakehouse_erasure_rows"
TEXT_CHARS_MAX = 10_000  # of a detail or a method
NUMBERS = ("certificate_number", "examined", "erased_count", "found_count", "key_count", "row_count")

_log = logger("erasure")


@dataclass(frozen=True)
class Certificate:
    """signed: the document that was signed."""

    place: Place
    signed: Document

    @property
    def verdict(self) -> str:
        """PROVEN or NOT_PROVEN."""
        return str(self.signed["verdict"])


class Certificates:
    def __init__(self, folder: Path) -> None:
        """folder: where this server's keys are. Raises OSError if its key can't be read or made."""
        self.signer, self.anchor = Signer(folder), Anchor(folder)

    def has(self, cursor: LakeCursor, erasure_id: str) -> bool:
        """Whether the erasure has a certificate."""
        return bool(cursor.rows(SQL["known"], [erasure_id])[0][0])

    def write(self, cursor: LakeCursor, erased: Erased) -> Certificate:
        """Add the certificate within the open transaction, which may be run again. Call `keep` after its commit.

        Another server that certifies at once makes the commit conflict. Raises AlreadyExists if the erasure has one.
        """
        if self.has(cursor, erased.erasure_id):
            raise AlreadyExists(f"erasure {erased.erasure_id} has a certificate")
        before = self._before(cursor)
        hmacs = sorted(set(erased.key_hmacs))
        rows = self._rows(erased, before, hmacs)
        signed = document(rows)
        place = Place(before.number + 1, link_of(signed))
        sealed = {"link": place.link, "signature": self.signer.sign(signed)}
        _insert(cursor, SQL["insert"], _table([row | sealed for row in rows]))
        if hmacs:
            keys = pa.table({"key_hmac": pa.array(hmacs, pa.string())})
            _insert(cursor, SQL["insert_keys"], keys, [erased.erasure_id])
        cursor.execute(SQL["forget_head"])
        cursor.execute(SQL["keep_head"], [place.number, place.link])
        return Certificate(place, signed)

    def keep(self, certificate: Certificate) -> None:
        """Note outside the lake that it is there, once its commit was acknowledged. What prevents that goes into the
        log: the erasure is done, and the next certificate's note tells of this one too."""
        try:
            if certificate.place.number > self.anchor.read().number:
                self.anchor.write(certificate.place)
        except (OSError, Unavailable) as error:
            number = certificate.place.number
            _log.error("a certificate is not noted outside the lake", number=number, error=str(error))

    def _before(self, cursor: LakeCursor) -> Place:
        """The newest certificate that there is or was: what is gone from the lake leaves a gap, for good."""
        found = [Place(*row) for query in ("head", "last") for row in cursor.rows(SQL[query])]
        return max([self.anchor.read(), *found], key=lambda place: place.number)

    def _rows(self, erased: Erased, before: Place, hmacs: Sequence[str]) -> list[dict[str, Any]]:
        """Of catalog.erasure_events, but for link and signature."""
        whole = {
            "format_version": FORMAT_VERSION,
            "product_version": VERSION,
            "certificate_number": before.number + 1,
            "previous_link": before.link,
            "public_key": self.signer.public_key,
            "erasure_id": erased.erasure_id,
            "dataset": erased.dataset,
            "key_column": erased.key_column.name,
            "key_type": erased.key_column.type,
            "key_count": len(hmacs),
            "key_hmacs_sha256": keys_digest(hmacs),
            "row_count": erased.row_count,
            "actor": erased.actor,
            "on_behalf_of": erased.on_behalf_of,
            "reason": erased.reason,
            "job_id": erased.job_id,
            "started_at": microseconds(erased.started_at),
            "finished_at": microseconds(erased.finished_at),
        }
        rows = [_surface(examined) | whole for examined in erased.surfaces]
        return [{name: _storable(value) for name, value in row.items()} for row in rows]


def _surface(examined: Examined) -> dict[str, Any]:
    finding = examined.finding
    return {
        "surface": examined.surface,
        "verdict": str(finding.verdict),
        "method": finding.method[:TEXT_CHARS_MAX],
        "examined": finding.examined,
        "examined_unit": finding.unit,
        "erased_count": examined.erased_count,
        "found_count": finding.found,
        "detail": finding.detail[:TEXT_CHARS_MAX],
        "scanned_at": microseconds(examined.scanned_at),
    }


def _storable(value: Any) -> Any:
    """Text as the lake gives it back: names of files may hold bytes that are none."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    kinds: dict[str, pa.DataType] = dict.fromkeys(NUMBERS, pa.int64()) | dict.fromkeys(TIMES, pa.timestamp("us", "UTC"))
    kinds["format_version"] = pa.int32()
    return pa.Table.from_pylist(list(rows), pa.schema([(name, kinds.get(name, pa.string())) for name in rows[0]]))


def _insert(cursor: LakeCursor, text: str, rows: pa.Table, values: Sequence[Any] = ()) -> None:
    cursor.register(ROWS, rows)
    try:
        cursor.execute(text.format(rows=ROWS), values)
    finally:
        cursor.unregister(ROWS)
