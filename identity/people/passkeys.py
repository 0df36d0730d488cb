"""Passkeys: what a browser is asked, and what is believed of its answer (WebAuthn level 3).

A passkey is one factor that the person has and one that unlocks it, so user verification is always
demanded. The challenge is the caller's: sealed for a sign-in, a digest for an approval; who calls
sees to it that none is used twice. Attestation is not asked for: the member lets people in, not
makes of authenticators. The library is imported where it is used: it takes 0.1 s to load, for which
neither node nor signer should wait at its start.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from identity.people.errors import NotAccepted

if TYPE_CHECKING:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

MAX_ANSWER_CHARACTERS = 16_384
MAX_ID_BYTES = 1_023  # WebAuthn section 5.8.3
HANDLE_BYTES = 64
TIMEOUT_MS = 300_000


@dataclass(frozen=True)
class RelyingParty:
    """Where the passkeys of this member are good: a host name, and the one origin of its pages."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True)
class Passkey:
    """One passkey: its credential id, public key (COSE, RFC 9052), and count of uses so far."""

    id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True)
class Holder:
    """Whose passkey is made: ``handle`` is ``HANDLE_BYTES`` random bytes and says nothing."""

    handle: bytes
    name: str
    shown: str


def creation_options(
    party: RelyingParty, holder: Holder, challenge: bytes, known: Sequence[bytes]
) -> str:
    """Return the JSON that the browser makes a passkey by; ``known`` are those there already."""
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers.structs import (  # noqa: PLC0415
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=holder.handle,
        user_name=holder.name,
        user_display_name=holder.shown,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        supported_pub_key_algs=_algorithms(),
    )
    return options_to_json(options)


def request_options(party: RelyingParty, challenge: bytes, allowed: Sequence[bytes] = ()) -> str:
    """Return the JSON that the browser asks for an assertion by.

    Args:
        allowed: ids of the passkeys that may answer; none named: whichever the person has here.
    """
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers.structs import (  # noqa: PLC0415
        PublicKeyCredentialDescriptor,
        UserVerificationRequirement,
    )

    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in allowed],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def challenge_of(answer: str) -> bytes:
    """Return the challenge that a browser's answer says it answers; raises NotAccepted."""
    try:
        client_data = json.loads(_bytes(_parsed(answer)["response"]["clientDataJSON"]))
        return _bytes(client_data["challenge"])
    except _broken() as error:
        raise NotAccepted("PASSKEY_MALFORMED") from error


def text_of(credential: bytes) -> str:
    """Return a credential id as tables and browsers write it: base64url without padding."""
    return urlsafe_b64encode(credential).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    """Return a credential id from what ``text_of`` made of it."""
    return urlsafe_b64decode(f"{text}===")


def credential_of(answer: str) -> tuple[str, bytes]:
    """Return the credential id (base64url) and user handle that an assertion names.

    Raises: NotAccepted; an assertion of a discoverable passkey names its user.
    """
    try:
        parsed = _parsed(answer)
        credential = _bytes(parsed["id"])
        handle = _bytes(parsed["response"]["userHandle"])
    except _broken() as error:
        raise NotAccepted("PASSKEY_MALFORMED") from error
    return text_of(credential), handle


def verify_creation(party: RelyingParty, challenge: bytes, answer: str) -> Passkey:
    """Return the passkey that a browser made under ``challenge``; raises NotAccepted."""
    from webauthn import verify_registration_response  # noqa: PLC0415

    try:
        made = verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=_algorithms(),
        )
    except _broken() as error:
        raise NotAccepted("PASSKEY_NOT_MADE") from error
    if len(made.credential_id) > MAX_ID_BYTES:
        raise NotAccepted("PASSKEY_MALFORMED")
    return Passkey(made.credential_id, made.credential_public_key, made.sign_count)


def verify_assertion(party: RelyingParty, challenge: bytes, answer: str, passkey: Passkey) -> int:
    """Return the new count of uses, once ``passkey`` has signed ``challenge`` at this party.

    Checked: type, challenge, origin, relying party, user presence and verification, that the
    count rises unless the authenticator has none, signature (WebAuthn section 7.2). That the
    challenge is fresh and the passkey is its holder's is the caller's to check.

    Raises: NotAccepted.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415

    try:
        parsed = _parsed(answer)
        if _bytes(parsed["id"]) != passkey.id:
            raise NotAccepted("PASSKEY_OTHER")
        verified = verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _broken() as error:
        raise NotAccepted("PASSKEY_ASSERTION") from error
    return verified.new_sign_count


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > MAX_ANSWER_CHARACTERS:
        raise NotAccepted("PASSKEY_MALFORMED")
    parsed = json.loads(answer)
    if not isinstance(parsed, dict):
        raise NotAccepted("PASSKEY_MALFORMED")
    return parsed


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError("no text")
    return bytes_of(text)


def _algorithms() -> "list[COSEAlgorithmIdentifier]":
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415

    return [
        COSEAlgorithmIdentifier.ECDSA_SHA_256,
        COSEAlgorithmIdentifier.EDDSA,
        COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
    ]


def _broken() -> tuple[type[Exception], ...]:
    """Return what the library lets through from parsing what a stranger wrote, and its own."""
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    return (
        WebAuthnException,
        InvalidSignature,
        UnsupportedAlgorithm,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        OverflowError,
        MemoryError,
    )
