"""Keys of administrators and approvers as files: made, read, and named in a draft."""

import os
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from api.cli.errors import UsageInvalid
from identity.authority.file import ApprovalKey
from identity.signatures.person import public_of

MAX_FILE_BYTES = 65_536


def make_key(path: Path, passphrase: str) -> dict[str, Any]:
    """Write a new P-256 key, encrypted, mode 0600, and its public half beside it."""
    private = ec.generate_private_key(ec.SECP256R1())
    encryption = BestAvailableEncryption(passphrase.encode())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    public = path.with_suffix(path.suffix + ".pub")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except OSError as error:
        raise _unusable(f"{path} cannot be made: {error.strerror}.") from error
    public.write_bytes(
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return {"key": str(path), "public": str(public)}


def private_key(path: Path, passphrase: str) -> PrivateKeyTypes:
    """Return the key of an encrypted PEM file; raises UsageInvalid."""
    try:
        return load_pem_private_key(_read(path), passphrase.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable(f"{path} and the passphrase give no key.") from error


def named_keys(given: list[str]) -> list[dict[str, str]]:
    """Return administrators' rows from ``NAME=FILE``; raises UsageInvalid, KeyMalformed."""
    rows = []
    for one in given:
        name, sign, path = one.partition("=")
        if not sign:
            raise _unusable("An administrator is given as NAME=FILE.")
        algorithm, spki = public_of(_public(Path(path))[0])
        row = {"subject": name, "algorithm": algorithm, "public_key": "0x" + spki.hex()}
        rows.append(row)
    return rows


def approval_key(
    directory: Path,
    name: str,
    certificate: Path | None,
    passkey: str | None,
    origin: str | None,
    until: int | None,
) -> ApprovalKey:
    """Return what somebody approves with; raises UsageInvalid, KeyMalformed."""
    if (certificate is None) == (passkey is None):
        raise _unusable("Give --certificate, or --passkey with --origin.")
    if certificate is not None:
        public, ends = _public(certificate)
        algorithm, spki = public_of(public)
        ends_first = min((end for end in (ends, until) if end is not None), default=None)
        return ApprovalKey("certificate", spki, algorithm, until=ends_first)
    if origin is None:
        raise _unusable("A passkey is good at one address: give --origin.")
    return _passkey(directory, name, str(passkey), origin, until)


def _passkey(directory: Path, name: str, which: str, origin: str, until: int | None) -> ApprovalKey:
    from sqlmodel import select
    from webauthn.helpers import base64url_to_bytes

    from node.people.people import party_at
    from node.settings import Settings
    from node.store.people import PasskeyRow
    from node.upkeep.measures import opened

    with opened(Settings.load(directory)) as database, database.read() as session:
        rows = session.exec(select(PasskeyRow).where(PasskeyRow.account == name)).all()
        found = [row for row in rows if which in (row.id, row.label)]
    if len(found) != 1:
        raise _unusable(f"{name} has {len(found)} passkeys called {which}.")
    party = party_at(origin)
    return ApprovalKey(
        kind="passkey",
        public_key=found[0].public_key,
        credential=base64url_to_bytes(found[0].id),
        rp=party.id,
        origin=party.origin,
        until=until,
    )


def _public(path: Path) -> tuple[PublicKeyTypes, int | None]:
    """Return the public key of a certificate or key file, and when the certificate ends."""
    data = _read(path)
    try:
        if b"BEGIN CERTIFICATE" in data:
            read = x509.load_pem_x509_certificate(data)
            return read.public_key(), int(read.not_valid_after_utc.timestamp())
        return load_pem_public_key(data), None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unusable(f"{path} is neither a certificate nor a public key.") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise _unusable(f"{path} cannot be read.") from error


def _unusable(message: str) -> UsageInvalid:
    return UsageInvalid("KEY_UNUSABLE", message, "`lading authority key FILE` makes one that fits.")
