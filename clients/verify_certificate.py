"""`python -m clients.verify_certificate FILE...`: check exported certificates of erasures, without any server.

It needs this file and the package cryptography alone, so it can be copied to where the certificates are kept. Exit
status 0: all is well; 1: it is not; 2: it was called wrongly.
"""

import argparse
import hashlib
import io
import itertools
import json
import string
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "lakehouse-erasure-certificate"
FORMAT_VERSION = 1
START = "0" * 64
TEXTS = "previous_link public_key erasure_id dataset key_hmacs_sha256 verdict".split()
NUMBERS = "certificate_number key_count row_count".split()


class Broken(Exception):
    """What is wrong with a file."""


@dataclass(frozen=True)
class Verified:
    """A certificate that agrees with itself and with the key in it."""

    file: str
    number: int
    link: str
    previous_link: str
    public_key: str
    proven: bool
    line: str


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    found, wrong = [], 0
    for file in options.files:
        try:
            certificate = _verified(file, options.public_keys)
            found.append(certificate)
            print(f"{_plain(file)}: {certificate.line}")
        except Broken as error:
            wrong += 1
            print(f"{_plain(file)}: BROKEN: {error}")
    for problem in _chain(found):
        wrong += 1
        print(problem)
    return _conclude(found, wrong, options)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="verify_certificate", description="Check exported certificates of erasures.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="exported certificate; several must follow each other")
    parser.add_argument(
        "--public-key",
        action="append",
        default=[],
        type=_public_key,
        metavar="HEX",
        dest="public_keys",
        help="key of the server, learnt beforehand; more than once if several may have signed",
    )
    parser.add_argument(
        "--signed-only",
        action="store_true",
        help="exit with 0 too if an erasure is not proven, as long as its certificate is as it was signed",
    )
    return parser.parse_args(arguments)


def _public_key(text: str) -> str:
    if len(text) != 64 or not set(text) <= set(string.hexdigits):
        raise argparse.ArgumentTypeError("64 hexadecimal digits")
    return text.lower()


def _verified(file: str, public_keys: Sequence[str]) -> Verified:
    """Raises Broken."""
    told = _read(file)
    signed = told["certificate"]
    if not isinstance(signed, dict) or signed.get("format") != FORMAT:
        raise Broken("it is no certificate of an erasure")
    if signed.get("format_version") != FORMAT_VERSION:
        raise Broken(f"its format version {_plain(signed.get('format_version'))} is unknown")
    _check_shape(signed)
    if hashlib.sha256(_canonical(signed)).hexdigest() != told["link"]:
        raise Broken("it is not what its link says: something in it was changed")
    _check_signature(signed, told["signature"], public_keys)
    keys = _check_keys(signed, told["key_hmacs"])
    proven, verdict = _verdict(signed)
    number, key = signed["certificate_number"], signed["public_key"]
    what = f"number {number}, erasure {_plain(signed['erasure_id'])} of {signed['row_count']} rows of {keys} in "
    line = f"{what}{_plain(signed['dataset'])}: {verdict}; as it was signed with key {key}"
    return Verified(file, number, told["link"], signed["previous_link"], key, proven, line)


def _read(file: str) -> dict[str, Any]:
    """Raises Broken for what is not canonical JSON with the members of an export."""
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise Broken(f"it can't be read: {error.strerror}") from None
    try:
        told = json.loads(content)
        canonical = _canonical(told)
    except (ValueError, RecursionError):
        raise Broken("it is no JSON") from None
    if not isinstance(told, dict) or set(told) != {"certificate", "key_hmacs", "link", "signature"}:
        raise Broken("it is no certificate of an erasure")
    if canonical != content.rstrip(b"\r\n"):
        raise Broken("it is not in canonical form: it was written by something else than export_certificate")
    return told


def _canonical(value: object) -> bytes:
    """As RFC 8785 has it, of what certificates hold."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _check_shape(signed: dict[str, Any]) -> None:
    texts = all(isinstance(signed.get(name), str) for name in TEXTS)
    numbers = all(isinstance(signed.get(name), int) for name in NUMBERS)
    surfaces = signed.get("surfaces")
    if not texts or not numbers or not isinstance(surfaces, list) or not surfaces:
        raise Broken("it lacks what a certificate has")
    if not all(isinstance(surface, dict) and isinstance(surface.get("surface"), str) for surface in surfaces):
        raise Broken("it lacks what a certificate has")


def _check_signature(signed: dict[str, Any], signature: object, public_keys: Sequence[str]) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes(signed["public_key"]))
        key.verify(_bytes(signature), _canonical(signed))
    except (InvalidSignature, ValueError):
        raise Broken("its signature is wrong") from None
    if public_keys and signed["public_key"] not in public_keys:
        raise Broken(f"it was signed with another key: {_plain(signed['public_key'])}")


def _bytes(text: object) -> bytes:
    """Of lower-case hexadecimal digits. Raises ValueError."""
    found = bytes.fromhex(str(text))
    if found.hex() != text:
        raise ValueError
    return found


def _check_keys(signed: dict[str, Any], hmacs: object) -> str:
    """How many keys it says; whether the list is there."""
    if hmacs is None:
        return f"{signed['key_count']} keys (their list left out)"
    if not isinstance(hmacs, list) or not all(isinstance(hmac, str) for hmac in hmacs):
        raise Broken("its list of keys is none")
    digest = hashlib.sha256("".join(f"{hmac}\n" for hmac in hmacs).encode()).hexdigest()
    if digest != signed["key_hmacs_sha256"] or len(hmacs) != signed["key_count"]:
        raise Broken("its list of keys is not the one that was signed")
    return f"{signed['key_count']} keys"


def _verdict(signed: dict[str, Any]) -> tuple[bool, str]:
    """Whether the erasure is proven, and in words. Raises Broken if the surfaces say otherwise than the whole."""
    not_clean = [surface["surface"] for surface in signed["surfaces"] if surface.get("verdict") != "clean"]
    if signed["verdict"] != ("not proven" if not_clean else "proven") or signed.get("surfaces_not_clean") != not_clean:
        raise Broken("its verdict is not that of its surfaces")
    return not not_clean, f"NOT proven for {', '.join(map(_plain, not_clean))}" if not_clean else "proven"


def _chain(found: Sequence[Verified]) -> list[str]:
    """What is wrong between certificates."""
    problems = []
    ordered = sorted(found, key=lambda certificate: certificate.number)
    if ordered and ordered[0].number == 1 and ordered[0].previous_link != START:
        problems.append("BROKEN: number 1 is not the first of a chain")
    for before, after in itertools.pairwise(ordered):
        between = f"BROKEN: between {_plain(before.file)} and {_plain(after.file)}: "
        if after.number == before.number:
            problems.append(f"{between}both are number {after.number}")
        elif after.number > before.number + 1:
            problems.append(f"{between}numbers {before.number + 1} to {after.number - 1} are missing")
        elif after.previous_link != before.link:
            problems.append(f"{between}number {after.number} does not follow this number {before.number}")
    return problems


def _conclude(found: Sequence[Verified], wrong: int, options: argparse.Namespace) -> int:
    """Print the verdict over all; the exit status."""
    keys = {certificate.public_key for certificate in found}
    if len(keys) > 1 and not options.public_keys:
        wrong += 1
        print(f"BROKEN: signed with {len(keys)} keys: name those that may sign by --public-key")
    not_proven = sum(not certificate.proven for certificate in found)
    if wrong:
        print("NOT VERIFIED: something is not as it was signed, or missing.")
    elif not_proven:
        print(f"As they were signed; {not_proven} of {len(found)} erasures NOT proven.")
    else:
        print(f"Verified: {len(found)} of {len(found)} erasures proven, as the server signed.")
    if not options.public_keys:
        print(
            "No --public-key was given: this tells only that each file agrees with the key in it, which anybody can "
            "make. Learn the server's key another way."
        )
    return int(bool(wrong or (not_proven and not options.signed_only)))


def _plain(value: object) -> str:
    """For a terminal, whatever is in it."""
    return "".join(char if char.isprintable() else "?" for char in str(value))


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what the terminal can't show
    sys.exit(main())
