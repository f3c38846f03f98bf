"""The operations export_certificate and verify_certificates."""

import json
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field, StringConstraints

from server.certificates.certificate import document, exported
from server.certificates.certificates import SQL, Certificates
from server.certificates.checks import Checked, key_digests, problems, rows_of, verify
from server.engine.commits import read_on
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import CertificateBroken, LimitExceeded, NotFound
from server.operations.registry import Arguments, Caller, Operation
from server.sql.schema import schema_of

PUBLIC_KEYS_MAX = 100
BESIDE_DOCUMENT_BYTES = 8192  # of a message: the other columns, and Flight's own fields

PublicKey = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class ExportCertificate(Arguments):
    erasure_id: str = Field(description="Identifier of the erasure, as catalog.erasures tells it.")
    with_keys: bool = Field(True, description="Put the HMACs of the erased keys into the document.")


class VerifyCertificates(Arguments):
    public_keys: list[PublicKey] = Field(
        [], max_length=PUBLIC_KEYS_MAX, description="Keys of other servers of this lake that may sign, hexadecimal."
    )


EXPORTED = schema_of(erasure_id=pa.string(), verdict=pa.string(), document=pa.string())
CHECKED = schema_of(certificate_number=pa.int64(), erasure_id=pa.string(), dataset=pa.string(), status=pa.string())


class CertificateOperations:
    def __init__(self, engine: Engine, certificates: Certificates) -> None:
        self._engine = engine
        self._certificates = certificates

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "export_certificate",
                "Give the certificate of an erasure as one JSON document, to be verified without the server.",
                ExportCertificate,
                EXPORTED,
                self.export,
            ),
            Operation(
                "verify_certificates",
                "Check every certificate: its rows, link, signature and keys, and that none is missing.",
                VerifyCertificates,
                CHECKED,
                self.verify,
            ),
        ]

    def export(self, _: Caller, arguments: ExportCertificate) -> list[dict[str, Any]]:
        """Raises NotFound, CertificateBroken, LimitExceeded if the document fits no message."""
        found = self._engine.read(lambda cursor: read_on(cursor, lambda c: _exported(c, arguments)))
        allowed = self._engine.settings.message_bytes_max - BESIDE_DOCUMENT_BYTES
        if (size := len(json.dumps(found["document"]))) > allowed:
            raise LimitExceeded(
                "message_bytes_max",
                f"the certificate with its keys has {size} bytes, more than a message may have: "
                "say with_keys := false, and read the keys from catalog.erasure_keys",
            )
        return [found]

    def verify(self, _: Caller, arguments: VerifyCertificates) -> list[dict[str, Any]]:
        trusted = frozenset([self._certificates.signer.public_key, *arguments.public_keys])
        return [_row(checked) for checked in verify(self._engine, self._certificates.anchor, trusted)]


def _exported(cursor: LakeCursor, arguments: ExportCertificate) -> dict[str, Any]:
    erasure_id = arguments.erasure_id
    rows = rows_of(cursor, erasure_id)
    if not rows:
        raise NotFound(f"there is no certificate of an erasure {erasure_id!r}: see catalog.erasures")
    # Whose key it is does not matter here: the reader of the document decides whom to trust.
    wrong = problems(rows, key_digests(cursor, erasure_id), frozenset([rows[0]["public_key"]]))
    if wrong:
        raise CertificateBroken(f"the certificate of erasure {erasure_id} is not as it was signed: {wrong[0]}")
    keys = [str(row[0]) for row in cursor.rows(SQL["keys"], [erasure_id])] if arguments.with_keys else None
    return {"erasure_id": erasure_id, "verdict": document(rows)["verdict"], "document": exported(rows, keys)}


def _row(checked: Checked) -> dict[str, Any]:
    values = dict(vars(checked))
    return {"certificate_number": values.pop("number")} | values
