"""Whether certificates are as they were written: signed, whole, none missing, none beside the chain."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from server.certificates.certificate import FORMAT_VERSION, OF_ERASURE, Row, document, keys_digest, link_of
from server.certificates.certificates import SQL
from server.certificates.signing import Anchor, Place, is_signed
from server.engine.commits import read_on
from server.engine.cursor import LakeCursor
from server.engine.engine import Engine
from server.errors import Unavailable

WHOLE = "whole"
_OF_CERTIFICATE = (*OF_ERASURE, "link", "signature")
_NO_KEYS = keys_digest(())


@dataclass(frozen=True)
class Checked:
    """status: WHOLE, or what is wrong. erasure_id, dataset: None for a certificate that is missing. number: None for
    what is wrong beside the certificates."""

    number: int | None
    erasure_id: str | None
    dataset: str | None
    status: str


def rows_of(cursor: LakeCursor, erasure_id: str | None) -> Sequence[Row]:
    """Of one erasure, or all by their certificates' numbers; see `document`."""
    found: Sequence[Row] = cursor.execute(SQL["certificates"], {"erasure_id": erasure_id}).table().to_pylist()
    return found


def key_digests(cursor: LakeCursor, erasure_id: str | None) -> dict[str, str]:
    """Of one erasure, or all that have keys."""
    return dict(cursor.rows(SQL["key_digests"], {"erasure_id": erasure_id}))


def problems(rows: Sequence[Row], digests: dict[str, str], trusted: frozenset[str]) -> list[str]:
    """What is wrong with one certificate by itself. rows: all of its number. trusted: public keys, hexadecimal."""
    first = rows[0]
    if any(row[name] != first[name] for row in rows for name in _OF_CERTIFICATE):
        return ["its rows contradict each other"]
    if first["format_version"] != FORMAT_VERSION:
        return [f"its format version {first['format_version']} is unknown"]
    found, signed = [], document(rows)
    if link_of(signed) != first["link"]:
        found.append("its rows are not what its link says")
    if not is_signed(signed, first["signature"], first["public_key"]):
        found.append("its signature is wrong")
    if first["public_key"] not in trusted:
        found.append(f"signed with a key that is not this server's: {first['public_key']}")
    if digests.get(first["erasure_id"], _NO_KEYS) != first["key_hmacs_sha256"]:
        found.append("its list of keys is not the one that was signed")
    return found


def verify(engine: Engine, anchor: Anchor, trusted: frozenset[str]) -> list[Checked]:
    """Each certificate by its number, and each gap. trusted: public keys, hexadecimal."""
    unreadable = []
    try:
        kept = anchor.read()  # before the lake: it may only be behind
    except Unavailable as error:
        kept = Place()
        unreadable = [Checked(None, None, None, str(error))]
    return unreadable + engine.read(lambda cursor: read_on(cursor, lambda c: check_all(c, kept, trusted)))


def check_all(cursor: LakeCursor, kept: Place, trusted: frozenset[str]) -> list[Checked]:
    rows, digests = rows_of(cursor, None), key_digests(cursor, None)
    checked: list[Checked] = []
    last = Place()
    for number, group in itertools.groupby(rows, itemgetter("certificate_number")):
        certificate = list(group)
        first = certificate[0]
        checked += _gap(last.number, number)
        wrong = [*problems(certificate, digests, trusted), *_beside(first, last, kept)]
        checked.append(Checked(number, first["erasure_id"], first["dataset"], "; ".join(wrong) or WHOLE))
        last = Place(number, first["link"])
    return [*checked, *_end(last, kept, cursor.rows(SQL["head"]))]


def _beside(first: Row, last: Place, kept: Place) -> Iterator[str]:
    """What is wrong with the place of a certificate in the chain."""
    number, before = first["certificate_number"], first["previous_link"]
    if number == last.number + 1 and before != last.link:
        yield "it does not follow the certificate before it"
    if number == kept.number and first["link"] != kept.link:
        yield "it is not the one that this server wrote"


def _gap(before: int, number: int) -> Iterator[Checked]:
    missing = number - before - 1
    if missing == 1:
        yield Checked(before + 1, None, None, "the certificate is missing")
    elif missing > 1:
        yield Checked(before + 1, None, None, f"certificates {before + 1} to {number - 1} are missing")


def _end(last: Place, kept: Place, heads: Sequence[tuple[Any, ...]]) -> Iterator[Checked]:
    newest = max([kept.number, *(int(number) for number, _ in heads)])
    yield from _gap(last.number, newest + 1)
    if len(heads) != 1:
        yield Checked(None, None, None, f"catalog.erasure_heads has {len(heads)} rows, not one")
    elif newest <= last.number and Place(*heads[0]) != last:
        yield Checked(None, None, None, "catalog.erasure_heads names another certificate as the newest")
