"""Signed JSON from partners: JWS and JWT in compact form (RFC 7515, RFC 7519).

joserfc takes the token apart; the signature is verified as every other is. ``none``, shared
secrets, keys that come inside the token and extensions that are not understood are refused.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from identity.errors import AlgorithmRefused, SignatureInvalid
from identity.signatures.algorithms import Algorithm, VerifyingKey
from identity.signatures.verify import verify

MAX_BYTES = 16 * 1024
_NAMES = {
    "RS256": Algorithm.RS256,
    "PS256": Algorithm.PS256,
    "ES256": Algorithm.ES256,
    "EdDSA": Algorithm.ED25519,
    "Ed25519": Algorithm.ED25519,
}
# Who reads keys, key addresses or certificates out of a token lets the sender choose them.
_BROUGHT = {"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"}


@dataclass(frozen=True)
class SignedJson:
    """A token whose signature holds: its header, its payload's bytes, and the key's id."""

    header: dict[str, Any]
    payload: bytes
    algorithm: Algorithm
    key_id: bytes


def read_jws(
    token: str, key: VerifyingKey, algorithms: Sequence[Algorithm] = tuple(_NAMES.values())
) -> SignedJson:
    """Return what ``token`` says, if ``key`` signed it in one of ``algorithms``.

    Claims (expiry, audience, whether it was used before) are for the caller to check.

    Raises:
        SignatureInvalid: not three parts, not of this key, longer than 16 KiB, or with a header
            that brings its own key or an extension.
        AlgorithmRefused: the header names another algorithm, or one that this key does not make.
    """
    if len(token) > MAX_BYTES or token.count(".") != 2:
        raise SignatureInvalid("A token has three parts and at most 16 KiB.")
    signed, _, encoded = token.rpartition(".")
    try:
        read = jws.extract_compact(token.encode("ascii"))
        signature = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise SignatureInvalid("The token is not a JWS in compact form.") from error
    if base64.urlsafe_b64encode(signature).rstrip(b"=") != encoded.encode():
        raise SignatureInvalid("The token's signature is written in a second form.")
    header = read.headers()
    algorithm = _NAMES.get(str(header.get("alg")))
    if algorithm is None or algorithm not in algorithms:
        raise AlgorithmRefused("The token's signature algorithm is not accepted.")
    if _BROUGHT & set(header):
        raise SignatureInvalid("The token brings its own key, or an extension.")
    verify(algorithm, key, signed.encode(), signature, 0)
    return SignedJson(dict(header), read.payload, algorithm, key.id)
