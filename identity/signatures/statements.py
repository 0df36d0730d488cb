"""Statements: JSON signed by one secp256k1 key, away from the ledger.

An anchor, a status and ``network.json`` are statements. A kind separates one sort from another
and all of them from acts, whose digests are keccak's.
"""

import hashlib
import re
from typing import Any

import rfc8785

from identity.errors import SignatureInvalid, StatementMalformed
from identity.keys import secp256k1
from identity.keys.secp256k1 import SigningKey

_KIND = re.compile(r"[a-z][a-z-]{0,31}")
_SIGNATURE = re.compile(r"0x[0-9a-f]{130}")


def statement_digest(kind: str, body: dict[str, Any]) -> bytes:
    """Return SHA-256 of ``lading/`` ‖ kind ‖ ``/1`` ‖ 0x00 ‖ RFC 8785 of ``body``, 32 bytes.

    Raises:
        StatementMalformed: ``kind`` is not 1 to 32 of a-z and ``-``, or ``body`` holds what
            RFC 8785 cannot carry exactly (an integer beyond 2^53, NaN, a lone surrogate).
    """
    if not _KIND.fullmatch(kind):
        raise StatementMalformed("A statement's kind is 1 to 32 lower-case letters and hyphens.")
    try:
        canonical = rfc8785.dumps(body)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise StatementMalformed(f"The statement has no canonical form: {error}.") from error
    return hashlib.sha256(b"lading/" + kind.encode() + b"/1\x00" + canonical).digest()


def sign_statement(kind: str, body: dict[str, Any], key: SigningKey) -> str:
    """Return the signature as ``0x`` and 130 hex digits; raises StatementMalformed."""
    return "0x" + key.sign(statement_digest(kind, body)).hex()


def recover_statement(kind: str, body: dict[str, Any], signature: object) -> bytes:
    """Return the address (20 bytes) whose key made ``signature`` over this statement.

    The caller compares it with the key it expects: another body recovers another address.

    Raises:
        SignatureInvalid: not 0x and 130 lower-case hex digits, or no key gives it.
        StatementMalformed: as in statement_digest.
    """
    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        raise SignatureInvalid("A statement's signature is 0x and 130 lower-case hex digits.")
    return secp256k1.recover(statement_digest(kind, body), bytes.fromhex(signature[2:]))
