"""What a company's OpenID Connect provider says of who signed in (OpenID Connect Core 1.0).

Pure: the provider's keys and what was asked are given. The caller has the token from the provider
itself, over TLS, for a code bound to this browser by state and PKCE.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from identity.errors import AlgorithmRefused, KeyMalformed, SignatureInvalid
from identity.people.claims import read_claims, require_same, require_text, require_times
from identity.people.errors import NotAccepted
from identity.people.machines import ALGORITHMS, verifying_key
from identity.signatures.jose import read_jws

MAX_KEYS = 32
MAX_SUBJECT = 255


@dataclass(frozen=True)
class Asked:
    """What was asked of the provider: by which client, of which issuer, with which nonce."""

    issuer: str
    client: str
    nonce: str


def verify_id_token(token: str, keys: Sequence[Mapping[str, Any]], asked: Asked, now: int) -> str:
    """Return the subject (``sub``) that an ID token names.

    1. Signed by one of the provider's keys, in an algorithm that the key is for; never a secret.
    2. ``iss`` is the provider; ``aud`` holds this client, and ``azp`` names it where others are
       meant too (section 3.1.3.7).
    3. Valid now, with ``exp`` and ``iat``.
    4. ``nonce`` is the one that this browser was sent with.

    Raises: NotAccepted.
    """
    claims = read_claims(_payload(token, keys))
    require_same(claims, "iss", asked.issuer)
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if asked.client not in [each for each in named if isinstance(each, str)]:
        raise NotAccepted("CLAIM_AUD_OTHER")
    if len(named) > 1 or "azp" in claims:
        require_same(claims, "azp", asked.client)
    require_times(claims, now)
    if "iat" not in claims:
        raise NotAccepted("CLAIM_IAT_MISSING")
    require_same(claims, "nonce", asked.nonce)
    subject = require_text(claims, "sub")
    if len(subject) > MAX_SUBJECT:
        raise NotAccepted("CLAIM_SUB_MISSING")
    return subject


def _payload(token: str, keys: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the payload, once a key of the provider has signed it; raises NotAccepted."""
    reason = "ID_TOKEN_KEY_UNKNOWN"
    for jwk in keys[:MAX_KEYS]:
        if jwk.get("use", "sig") != "sig":
            continue
        try:
            key = verifying_key(dict(jwk))
        except KeyMalformed:
            continue  # of another kind; providers publish keys for others too
        try:
            signed = read_jws(token, key, ALGORITHMS)
        except (SignatureInvalid, AlgorithmRefused) as error:
            reason = f"ID_TOKEN_{error.code}"
            continue
        if signed.header.get("kid") is None or jwk.get("kid") == signed.header["kid"]:
            return signed.payload
    raise NotAccepted(reason)
