"""What a JSON Web Token must be: checked in process, since one server has one key and attacks are many."""

import base64
import hmac
import json
import queue
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest

from server.access.json_web_tokens import TokenVerifier
from server.access.jwks import JwksFile
from server.config import Settings
from server.errors import StartupError, Unauthenticated
from tests.access.tokens import AUDIENCE, ISSUER, SECRET, RsaKey, claims, hs256, raw

FOR_US = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_leeway_s": 5}
ONE, OTHER = RsaKey("one"), RsaKey("other")


def verifier(**settings: Any) -> TokenVerifier:
    found = TokenVerifier.of(Settings.model_validate(FOR_US | settings))
    assert found is not None
    return found


def by_secret() -> TokenVerifier:
    return verifier(jwt_secret=SECRET)


@pytest.fixture
def by_public_key(tmp_path: Path) -> TokenVerifier:
    (tmp_path / "key.pem").write_bytes(ONE.public_pem)
    return verifier(jwt_public_key=tmp_path / "key.pem")


def key_set(file: Path, *keys: Any) -> Path:
    file.write_text(json.dumps({"keys": list(keys)}))
    return file


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    return key_set(tmp_path / "jwks.json", ONE.jwk(), OTHER.jwk())


def test_a_sound_token_names_its_principal_and_its_end(by_public_key: TokenVerifier, jwks: Path) -> None:
    end = time.time() + 600
    for accepted in (
        by_secret().verify(hs256(claims(exp=end))),
        by_public_key.verify(ONE.sign(claims(exp=end))),
        verifier(jwt_jwks=jwks).verify(ONE.sign(claims(exp=end))),
        verifier(jwt_jwks=jwks).verify(OTHER.sign(claims(exp=end, aud=["elsewhere", AUDIENCE]))),
    ):
        assert accepted.principal == "ann"
        assert accepted.expires_at == pytest.approx(end + 5, abs=2)


@pytest.mark.parametrize(("changed", "reason"), [
    ({"exp": None}, "lacks claim exp"),
    ({"exp": 1}, "expired"),
    ({"exp": "soon"}, "malformed"),
    ({"exp": True}, "expired"),
    ({"exp": [1]}, "malformed"),
    ({"exp": float("inf")}, "malformed"),
    ({"exp": 10**400}, "no time that could be meant"),
    ({"exp": 1e300}, "no time that could be meant"),
    ({"exp": -1}, "expired"),
    ({"exp": float("nan")}, "malformed"),
    ({"nbf": 4_000_000_000}, "not valid yet"),
    ({"nbf": "later"}, "malformed"),
    ({"iat": 4_000_000_000}, "not valid yet"),
    ({"iss": None}, "lacks claim iss"),
    ({"iss": "https://issuer.example/"}, "another issuer"),
    ({"iss": [ISSUER]}, "another issuer"),
    ({"aud": None}, "lacks claim aud"),
    ({"aud": "LAKEHOUSE"}, "another audience"),
    ({"aud": []}, "lacks claim aud"),
    ({"aud": {"lakehouse": 1}}, "another audience"),
    ({"sub": None}, "lacks claim sub"),
    ({"sub": ""}, "not a name"),
    ({"sub": 7}, "malformed"),
    ({"sub": ["ann"]}, "malformed"),
])  # fmt: skip
def test_a_claim_that_is_missing_or_wrong_is_refused(changed: dict[str, Any], reason: str) -> None:
    payload = {k: v for k, v in (claims() | changed).items() if v is not None}
    header = {"alg": "HS256", "typ": "JWT"}
    unsigned = raw(header, payload).rsplit(".", 1)[0]
    signature = hmac.digest(SECRET.encode(), unsigned.encode(), sha256)
    with pytest.raises(Unauthenticated) as raised:
        by_secret().verify(f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")
    assert reason in str(raised.value)


def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    now = time.time()
    assert by_secret().verify(hs256(claims(exp=now - 2))).principal == "ann"
    assert by_secret().verify(hs256(claims(nbf=now + 3))).principal == "ann"
    for late in (claims(exp=now - 10), claims(nbf=now + 60)):
        with pytest.raises(Unauthenticated):
            by_secret().verify(hs256(late))


def test_the_algorithm_is_the_servers_choice_and_never_the_tokens(by_public_key: TokenVerifier, jwks: Path) -> None:
    payload = claims()
    rs256 = (by_public_key, verifier(jwt_jwks=jwks))
    forged = [
        raw({"alg": "none", "kid": "one"}, payload),
        raw({"alg": "None", "kid": "one"}, payload),
        raw({"alg": "nOnE", "kid": "one"}, payload, b"x"),
        raw({"kid": "one"}, payload),
        raw({"alg": None, "kid": "one"}, payload),
        raw({"alg": ["RS256"], "kid": "one"}, payload),
        raw({"alg": "RS256", "kid": "one"}, payload),
        raw({"alg": "HS256", "kid": "one"}, payload, b"\0" * 32),
        _hmac_signed({"alg": "HS256", "typ": "JWT", "kid": "one"}, payload, ONE.public_pem),
        _hmac_signed({"alg": "RS256", "typ": "JWT", "kid": "one"}, payload, ONE.public_pem),
        _hmac_signed({"alg": "HS256", "kid": "one"}, payload, b""),
        jwt.encode(payload, ONE.private, "RS384", {"kid": "one"}),
        jwt.encode(payload, ONE.private, "PS256", {"kid": "one"}),
        OTHER.sign(payload, kid="one"),
        OTHER.sign(payload, jwk=OTHER.jwk(), kid="one"),
        OTHER.sign(payload, jku="https://evil.example/jwks", kid="one"),
        OTHER.sign(payload, x5u="https://evil.example/cert", kid="one"),
        ONE.sign(payload, crit=["unheard-of"]),
    ]
    for token in forged:
        for checked in (by_secret(), *rs256):
            with pytest.raises(Unauthenticated):
                checked.verify(token)


def _hmac_signed(header: dict[str, Any], payload: dict[str, Any], key: bytes) -> str:
    """As a library that is told its algorithm by the token would check it."""
    unsigned = raw(header, payload).rsplit(".", 1)[0]
    signature = hmac.digest(key, unsigned.encode(), sha256) if key else b""
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize("kid", [None, "", "three", "One", 1, ["one"], {"one": 1}, "../one", "one\0"])
def test_a_kid_that_names_no_key_is_refused(jwks: Path, kid: Any) -> None:
    header = {"alg": "RS256", "typ": "JWT"} | ({} if kid is None else {"kid": kid})
    with pytest.raises(Unauthenticated):
        verifier(jwt_jwks=jwks).verify(raw(header, claims(), b"x" * 256))


@pytest.mark.parametrize("token", [
    "", ".", "..", "...", "a.b.c", "eyJ.eyJ.x", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.e30", "\0.\0.\0", "é.é.é",
    raw(b"[" * 100_000, {}, b"x"), raw({"alg": "HS256"}, b"[" * 100_000, b"x"), raw([], {}, b"x"),
    raw({"alg": "HS256"}, [], b"x"), raw({"alg": "HS256", "b64": False, "crit": ["b64"]}, claims(), b"x"),
    raw(b"\xff\xfe", {}, b"x"), "eyJ" + "A" * 1_000_000 + ".e30.x",
])  # fmt: skip
def test_what_is_no_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(Unauthenticated) as raised:
        by_secret().verify(token)
    assert len(str(raised.value)) < 200


def test_a_changed_byte_anywhere_is_noticed() -> None:
    token = hs256(claims())
    for position in range(0, len(token), 7):
        other = "A" if token[position] != "A" else "B"
        with pytest.raises(Unauthenticated):
            by_secret().verify(token[:position] + other + token[position + 1 :])


def test_another_claim_may_name_the_principal() -> None:
    checked = verifier(jwt_secret=SECRET, jwt_principal_claim="preferred_username")
    assert checked.verify(hs256(claims(preferred_username="bob"))).principal == "bob"
    for wrong in ({}, {"preferred_username": None}, {"preferred_username": 5}, {"preferred_username": ""}):
        with pytest.raises(Unauthenticated):
            checked.verify(hs256(claims() | wrong))


def test_the_key_set_is_read_again_when_its_file_changes(jwks: Path) -> None:
    checked = verifier(jwt_jwks=jwks)
    checked.verify(ONE.sign(claims()))
    renewed = jwks.with_suffix(".new")
    key_set(renewed, OTHER.jwk()).replace(jwks)
    with pytest.raises(Unauthenticated):
        checked.verify(ONE.sign(claims()))
    checked.verify(OTHER.sign(claims()))


def test_keys_that_leave_the_set_or_are_replaced_there_are_told_and_no_others(jwks: Path) -> None:
    third = RsaKey("third")
    key_set(jwks, ONE.jwk(), OTHER.jwk(), third.jwk())
    file, told = JwksFile(jwks), queue.SimpleQueue[frozenset[str]]()
    file.watch(told.put)
    try:
        renewed = jwks.with_suffix(".new")
        key_set(renewed, ONE.jwk(use="sig", x5t="more is told of it"), RsaKey("other").jwk()).replace(jwks)
        assert told.get(timeout=30) == {"other", "third"}
        jwks.write_text("{")
        key_set(renewed, ONE.jwk()).replace(jwks)
        assert told.get(timeout=30) == {"other"}
    finally:
        file.stop()
    assert told.empty()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": []}', b"\xff", None])
def test_a_key_set_that_turns_bad_leaves_the_keys_before(jwks: Path, content: bytes | None) -> None:
    checked = verifier(jwt_jwks=jwks)
    jwks.unlink() if content is None else jwks.write_bytes(content)
    assert checked.verify(ONE.sign(claims())).principal == "ann"


@pytest.mark.parametrize("keys", [
    [], [{"kty": "oct", "k": "AAAA", "kid": "one"}], [ONE.jwk(use="enc")], [ONE.jwk(alg="RS512")],
    [{k: v for k, v in ONE.jwk().items() if k != "kid"}], [RsaKey("weak", 1024).jwk()], [ONE.jwk(n="!")], ["text"],
    "text", [jwt.algorithms.RSAAlgorithm.to_jwk(ONE.private, as_dict=True) | {"kid": "one"}],
])  # fmt: skip
def test_a_key_set_without_a_usable_key_keeps_the_server_from_starting(tmp_path: Path, keys: Any) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": keys}))
    with pytest.raises(StartupError, match="setting jwt_jwks"):
        verifier(jwt_jwks=tmp_path / "jwks.json")


@pytest.mark.parametrize(("settings", "named"), [
    ({"jwt_issuer": ""}, "jwt_issuer"),
    ({"jwt_audience": ""}, "jwt_audience"),
    ({"jwt_secret": "short"}, "jwt_secret"),
    ({"jwt_secret": ONE.public_pem.decode()}, "jwt_secret"),
    ({"jwt_public_key": "/nowhere/key.pem"}, "jwt_public_key"),
    ({"jwt_secret": "", "jwt_public_key": "/nowhere/key.pem"}, "jwt_public_key"),
    ({"jwt_secret": "", "jwt_jwks": "/nowhere/jwks.json"}, "jwt_jwks"),
    ({"jwt_secret": "", "jwt_jwks": "/\0"}, "jwt_jwks"),
    ({"jwt_secret": "", "jwt_public_key": "/\0"}, "jwt_public_key"),
])  # fmt: skip
def test_settings_that_do_not_fit_keep_the_server_from_starting(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(StartupError, match=named) as raised:
        verifier(**{"jwt_secret": SECRET} | settings)
    assert SECRET not in str(raised.value)


def test_a_public_key_file_of_anything_else_keeps_the_server_from_starting(tmp_path: Path) -> None:
    for content in (b"", b"text", RsaKey("weak", 1024).public_pem):
        (tmp_path / "key.pem").write_bytes(content)
        with pytest.raises(StartupError, match="setting jwt_public_key"):
            verifier(jwt_public_key=tmp_path / "key.pem")


def test_without_a_key_there_are_no_tokens() -> None:
    assert TokenVerifier.of(Settings.model_validate(FOR_US)) is None
