"""Machines that sign in with their own key: a client's assertion (RFC 7523, private_key_jwt).

The key registered for the client says how the assertion is signed, never the assertion itself. An
assertion is for this member's token endpoint alone, ends within minutes, and is taken once.
"""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from joserfc import jwk
from joserfc.errors import JoseError

from identity.errors import AlgorithmRefused, KeyMalformed, SignatureInvalid
from identity.people.claims import (
    MAX_BYTES,
    read_claims,
    require_same,
    require_sole_audience,
    require_text,
    require_times,
)
from identity.people.errors import ClientKeyInvalid, NotAccepted
from identity.signatures.algorithms import Algorithm, Curve, VerifyingKey
from identity.signatures.jose import read_jws
from identity.strict_json import read_json

LONGEST_SECONDS = 300
ALGORITHMS = (Algorithm.ES256, Algorithm.ED25519, Algorithm.PS256, Algorithm.RS256)
MAX_KEY_BYTES = 8_192
# Members of a JWK that are secret (RFC 7518 section 6).
_SECRET = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_TYPES: dict[Curve, Literal["EC", "OKP", "RSA"]] = {
    Curve.P256: "EC",
    Curve.ED25519: "OKP",
    Curve.RSA: "RSA",
}
# What joserfc raises for a key that is none, beside its own errors.
_BROKEN = (JoseError, ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True)
class Assertion:
    """What a machine said of itself, proved; ``id`` is its own name for this one assertion."""

    client: str
    id: str
    until: int


def import_key(given: bytes) -> dict[str, Any]:
    """Return a public key in PEM or JWK as a JWK.

    Raises: ClientKeyInvalid, also for a private key: it belongs to the machine alone.
    """
    if len(given) > MAX_KEY_BYTES:
        raise ClientKeyInvalid("This is no public key.")
    try:
        public = _of_jwk(given) if given.lstrip().startswith(b"{") else _of_pem(given)
        verifying_key(public)
    except (*_BROKEN, KeyMalformed, UnsupportedAlgorithm) as error:
        raise ClientKeyInvalid("This is no public key that a client can sign with.") from error
    return public


def verifying_key(public: dict[str, Any]) -> VerifyingKey:
    """Return a JWK as a key that verifies; raises KeyMalformed."""
    if public.get("kty") not in _TYPES.values():
        raise KeyMalformed("A client's key is P-256, Ed25519 or RSA.")
    try:
        key = jwk.import_key(public)
        der = b"" if isinstance(key, jwk.OctKey) else key.as_der(private=False)
    except _BROKEN as error:
        raise KeyMalformed("This JWK is no public key.") from error
    known = VerifyingKey.from_spki(der)
    if known.curve not in _TYPES:
        raise KeyMalformed("A client's key is P-256, Ed25519 or RSA.")
    return known


def client_of(assertion: str) -> str:
    """Return the client that an assertion says it is of, unproved; raises NotAccepted."""
    parts = assertion[:MAX_BYTES].split(".")
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
    except (IndexError, ValueError) as error:
        raise NotAccepted("ASSERTION_MALFORMED") from error
    return require_text(read_claims(payload), "sub")


def verify_assertion(
    assertion: str, client: str, public: dict[str, Any], audiences: Collection[str], now: int
) -> Assertion:
    """Return a client's assertion, proved by its key and good here and now.

    1. Signed by the registered key, in an algorithm that this key is for.
    2. ``iss`` and ``sub`` are the client; ``aud`` is one of ``audiences`` and nothing else.
    3. Valid now, for at most ``LONGEST_SECONDS`` more.
    4. It has a ``jti``, which the caller takes once.

    Raises: NotAccepted.
    """
    try:
        signed = read_jws(assertion, verifying_key(public), ALGORITHMS)
    except (SignatureInvalid, AlgorithmRefused, KeyMalformed) as error:
        raise NotAccepted(f"ASSERTION_{error.code}") from error
    claims = read_claims(signed.payload)
    for name in ("iss", "sub"):
        require_same(claims, name, client)
    require_sole_audience(claims, audiences)
    until = require_times(claims, now, LONGEST_SECONDS)
    return Assertion(client, require_text(claims, "jti"), until)


def _of_jwk(given: bytes) -> dict[str, Any]:
    parsed = read_json(given)
    if not isinstance(parsed, dict):
        raise ValueError("no JWK")
    if _SECRET & set(parsed):
        raise ClientKeyInvalid("This is the private key: it belongs to the machine alone.")
    verifying_key(parsed)
    return dict(jwk.import_key(parsed).as_dict(private=False))


def _of_pem(given: bytes) -> dict[str, Any]:
    der = serialization.load_pem_public_key(given).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    kind = _TYPES[VerifyingKey.from_spki(der).curve]
    return dict(jwk.import_key(given, kind).as_dict(private=False))
