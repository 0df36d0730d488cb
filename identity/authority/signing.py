"""Signatures of administrators over the authority file, and which file may follow which.

The body is signed as the statement ``authority`` (docs/protocol/statements.md). The first file is
trusted by its administrators' fingerprint, which whoever installs it compares; each later one
because enough administrators of the file before it have signed it.
"""

import hashlib
import json
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from identity.authority.file import Administrator, AuthorityFile
from identity.errors import AuthorityFileRefused
from identity.signatures.person import public_of, sign_by, verify_by
from identity.signatures.statements import statement_digest

KIND = "authority"


def digest_of(file: AuthorityFile) -> bytes:
    """Return the 32 bytes that administrators sign: the statement digest of the content.

    The file holds text, whole numbers and truth values under ASCII names, for which Python's own
    sorted JSON is RFC 8785's form; that takes a tenth of the time, and a revocation waits for it.
    """
    text = json.dumps(file.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"lading/{KIND}/1\0{text}".encode()).digest()


def sign(file: AuthorityFile, private: PrivateKeyTypes) -> dict[str, str]:
    """Return one signature, as it stands in the file; raises KeyMalformed."""
    _, public = public_of(private)
    return {
        "public_key": "0x" + public.hex(),
        "signature": "0x" + sign_by(private, digest_of(file)).hex(),
    }


def fingerprint(file: AuthorityFile) -> str:
    """Return the hash of administrators and threshold: what a first file is trusted by."""
    body = {
        "member": file.member,
        "administrators": file.content["administrators"],
        "threshold": file.threshold,
    }
    return "0x" + statement_digest("authority-administrators", body).hex()


def check_signed(file: AuthorityFile) -> None:
    """Return if enough of the file's own administrators signed it; raises AuthorityFileRefused."""
    _require(file, file.administrators, file.threshold, "its own administrators")


def check_follows(file: AuthorityFile, before: AuthorityFile) -> None:
    """Return if ``file`` may take the place of ``before``.

    1. It is of the same member, and its number is higher. 2. Enough administrators of the file
    before signed it. 3. Enough of its own did.

    Raises: AuthorityFileRefused.
    """
    if file.member != before.member:
        raise AuthorityFileRefused("The authority file is another member's.", member=file.member)
    if file.number <= before.number:
        raise AuthorityFileRefused(
            "The authority file is not newer than the one in use.",
            number=file.number,
            in_use=before.number,
        )
    _require(file, before.administrators, before.threshold, "the administrators before it")
    check_signed(file)


def signed_by(file: AuthorityFile, administrators: Iterable[Administrator]) -> list[str]:
    """Return which of ``administrators`` signed the file as it is, each once."""
    digest = digest_of(file)
    given = {bytes.fromhex(s["public_key"][2:]): s["signature"] for s in file.signatures}
    return [
        one.subject
        for one in administrators
        if one.public_key in given
        and verify_by(
            one.algorithm, one.public_key, digest, bytes.fromhex(given[one.public_key][2:])
        )
    ]


def _require(
    file: AuthorityFile, administrators: Iterable[Administrator], threshold: int, whose: str
) -> None:
    signed = signed_by(file, administrators)
    if len(signed) < threshold:
        raise AuthorityFileRefused(
            f"The authority file has {len(signed)} signatures of {whose} and needs {threshold}.",
            signed=signed,
            threshold=threshold,
        )
